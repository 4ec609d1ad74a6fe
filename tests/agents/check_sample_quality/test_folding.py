from hypothesis import given
from hypothesis import strategies as st

from agents.check_sample_quality.folding import fold


def test_full_width_units_and_dashes_become_plain() -> None:
    assert fold("膜厚：１５０ ㎚、−5 ℃").text == "膜厚:150 nm、-5 °C"


def test_a_folded_stretch_is_traced_to_the_words_as_they_were_written() -> None:
    folded = fold("温度は−350 ℃で")
    start = folded.text.index("-350 °C")
    first, last = folded.span(start, start + len("-350 °C"))
    assert folded.source[first:last] == "−350 ℃"


@given(st.text(max_size=40))
def test_every_folded_character_comes_from_a_place_in_order(text: str) -> None:
    folded = fold(text)
    assert list(folded.origin) == sorted(folded.origin)
    assert all(0 <= place < len(text) for place in folded.origin)
    assert len(folded.origin) == len(folded.text)
