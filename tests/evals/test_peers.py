"""What the shipped search is measured against."""

from math import log

import pytest

from evals.retrieval.peers import WhitespaceBm25, fuse_ranks


def test_words_between_spaces_are_compared() -> None:
    texts = {"a": "Hardness of steel", "b": "colour of gold", "c": "硬さは92 HV"}
    assert WhitespaceBm25(texts).rank("HARDNESS test") == ["a"]
    assert WhitespaceBm25(texts).rank("硬さ") == []


def test_the_rarer_and_the_repeated_word_count_more() -> None:
    texts = {"a": "of of steel", "b": "of gold gold", "c": "of gold steel"}
    assert WhitespaceBm25(texts).rank("gold") == ["b", "c"]
    assert WhitespaceBm25(texts).rank("of steel gold")[0] == "c"


def test_a_document_of_mean_length_scores_its_idf() -> None:
    """With count 1 and mean length the other factor is (k1 + 1) / (1 + k1) = 1."""
    bm25 = WhitespaceBm25({"a": "steel", "b": "gold"})
    assert bm25.scores("steel") == {"a": pytest.approx(log(2))}


def test_no_documents_are_no_ranking() -> None:
    assert WhitespaceBm25({}).rank("steel") == []


def test_what_stands_high_in_both_rankings_comes_first() -> None:
    assert fuse_ranks([["a", "b", "c"], ["b", "c", "d"]]) == ["b", "c", "a", "d"]


def test_ranks_count_alike_in_both() -> None:
    """1/61 + 1/63 for a, 2/62 for b: the sum decides, by less than a thousandth."""
    assert fuse_ranks([["a", "b", "x"], ["y", "b", "a"]])[:2] == ["a", "b"]
