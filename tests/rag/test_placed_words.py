"""Japanese words know where they stand."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rag.tokens.japanese import placed_words, words

_TEXT = st.text(st.sampled_from(list("溶体化処理は食べたガラス転移が行われるxA1 。")), max_size=30)


def test_a_word_stands_where_it_is_written() -> None:
    text = "AZ91は溶体化処理した"
    assert [text[start:end] for start, end, _ in placed_words(text)] == ["溶体", "化", "処理", "し"]


@given(text=_TEXT)
@settings(max_examples=60, deadline=None)
def test_they_are_the_same_words_in_the_same_order(text: str) -> None:
    placed = list(placed_words(text))
    assert [word for _, _, word in placed] == list(words(text))
    edges = [edge for start, end, _ in placed for edge in (start, end)]
    assert edges == sorted(edges)


def test_a_run_too_long_for_the_dictionary_is_placed_in_parts() -> None:
    text = "x " + "処理" * 13_000
    placed = list(placed_words(text))
    assert (placed[0][0], placed[-1][1], len(placed)) == (2, len(text), 13_000)
