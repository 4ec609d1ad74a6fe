"""A folded text knows where its characters come from."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.folded import fold


@pytest.mark.parametrize(
    ("text", "part", "origin"),
    [
        ("ＡＺ９１ alloy", "z91", "Ｚ９１"),
        ("ｶﾞﾗｽの転移", "ガラス", "ｶﾞﾗｽ"),
        ("か\u3099らす", "がらす", "か\u3099らす"),
        ("5 ㎏の鋼", "kg", "㎏"),
        ("5 ㎏の鋼", "g", "㎏"),
        ("STRAẞE 1", "strasse", "STRAẞE"),
        ("e\u0301tude", "étude", "e\u0301tude"),
    ],
)
def test_a_part_of_it_is_found_in_the_original(text: str, part: str, origin: str) -> None:
    folded = fold(text)
    at = folded.text.index(part)
    start, end = folded.origin(at, at + len(part))
    assert text[start:end] == origin


@given(text=st.text(max_size=60), data=st.data())
@settings(max_examples=150)
def test_every_part_has_its_place_and_folds_to_what_holds_it(
    text: str, data: st.DataObject
) -> None:
    folded = fold(text)
    assert folded.text == unicodedata.normalize("NFKC", text).casefold()
    if not folded.text:
        return
    at = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(at + 1, len(folded.text)))
    start, stop = folded.origin(at, end)
    assert 0 <= start < stop <= len(text)
    assert folded.text[at:end] in unicodedata.normalize("NFKC", text[start:stop]).casefold()
