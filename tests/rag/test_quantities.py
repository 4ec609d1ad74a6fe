"""Numbers with units, and powers of ten: what people type must be what was written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.lexical import encode_query
from rag.tokens.quantities import quantities


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("24 h", "24h"),
        ("24 hours", "24h"),
        ("24時間", "24h"),
        ("二十四時間", "24h"),
        ("415 °c", "415°"),
        ("415°c", "415°"),
        ("415度", "415°"),
        ("三百度", "300°"),
        ("0.05 wt%", "0.05wt%"),
        ("0.05wt.%", "0.05wt%"),
        ("0.05質量%", "0.05wt%"),
        ("0.050 mass %", "0.05wt%"),
        ("5 μm", "5um"),
        ("5 microns", "5um"),
        ("300 mpa", "300mpa"),
        ("30 分", "30min"),
        ("第三回", "3回"),
        ("第3回", "3回"),
        ("1×10^-5", "1e-5"),
        ("1 x 10-5", "1e-5"),
        ("1×10−5", "1e-5"),
        ("10^{-5}", "1e-5"),
        ("2.50e−3", "2.5e-3"),
        ("1e7", "1e7"),
        (".5 mm", "0.5mm"),
    ],
)
def test_a_quantity_is_one_term_however_it_is_written(text: str, term: str) -> None:
    assert term in quantities(text)


@pytest.mark.parametrize(
    "text",
    [
        "24",
        "3 of 5",
        "5 samples",
        "a12 h",
        "fe-0.3c",
        "ti-6al",
        "十分な強度",
        "三角形",
        "10-5",
        "24h",
    ],
)
def test_what_is_no_quantity_gives_no_term(text: str) -> None:
    """24h is a word as it stands."""
    assert list(quantities(text)) == []


@given(st.integers(0, 10**6), st.sampled_from(["h", "mm", "mpa", "kv", "ppm", "um", "wt%", "%"]))
def test_a_space_before_the_unit_makes_no_difference(number: int, unit: str) -> None:
    spaced, joined = (
        set(encode_query(text)["words"].indices) for text in (f"{number} {unit}", f"{number}{unit}")
    )
    assert spaced & joined


@given(st.decimals(0, 100, places=3), st.sampled_from(["h", "mm", "wt%"]))
def test_zeros_at_the_end_of_a_decimal_make_no_difference(number: object, unit: str) -> None:
    assert list(quantities(f"{number} {unit}")) == list(quantities(f"{number}00 {unit}"))
