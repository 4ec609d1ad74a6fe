"""Numbers written in kanji."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.tokens.numerals import kanji_number

_PLACES = ((10**8, "億"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十"))


@pytest.mark.parametrize(
    ("numeral", "number"),
    [
        ("三", 3),
        ("十", 10),
        ("二十四", 24),
        ("二四", 24),
        ("三百", 300),
        ("三〇〇", 300),
        ("二百〇三", 203),
        ("千二百", 1200),
        ("二千二十四", 2024),
        ("一九九八", 1998),
        ("一万", 10_000),
        ("五百万", 5_000_000),
        ("一億二千万", 120_000_000),
        ("零", 0),
    ],
)
def test_numerals_are_read_by_place_and_by_value(numeral: str, number: int) -> None:
    assert kanji_number(numeral) == number


@given(st.integers(1, 10**12 - 1))
def test_every_number_is_read_as_it_was_written(number: int) -> None:
    assert kanji_number(_written(number)) == number


@given(st.integers(0, 10**12))
def test_digits_alone_are_read_by_place(number: int) -> None:
    assert (
        kanji_number("".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))) == number
    )


def _written(number: int) -> str:
    for value, sign in _PLACES:
        if number >= value:
            count, rest = divmod(number, value)
            return ("" if count == 1 and value < 10**4 else _written(count)) + sign + _written(rest)
    return "〇一二三四五六七八九"[number] if number else ""
