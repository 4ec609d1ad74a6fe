"""How scores of several retrievers become one ranking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import Fused, fuse_scores, shares

TERMS = frozenset({"words", "bigrams"})

_SCORES = st.dictionaries(st.sampled_from("abcdef"), st.floats(-1, 50), max_size=6)
_FOUND = st.fixed_dictionaries({"dense": _SCORES, "words": _SCORES, "bigrams": _SCORES})
_ASKED = st.frozensets(st.sampled_from(["dense", "sparse", "words", "bigrams"]))


def test_a_model_that_understands_the_query_has_half_the_say() -> None:
    assert shares(1.0, asked=TERMS | {"dense"})["dense"] == 0.5


def test_a_model_that_understands_half_of_the_query_has_half_of_that() -> None:
    assert shares(0.5, asked=TERMS | {"dense"})["dense"] == 0.25


def test_learned_weights_take_their_share_from_the_terms() -> None:
    weights = shares(1.0, asked=frozenset({"dense", "sparse", "words"}))
    assert weights == pytest.approx({"dense": 0.5, "sparse": 0.15, "words": 0.35})


def test_a_query_without_terms_is_left_to_the_model() -> None:
    assert shares(0.3, asked=frozenset({"dense"})) == {"dense": 1.0}


def test_a_query_that_nobody_is_asked_has_no_shares() -> None:
    assert shares(0.0, asked=frozenset()) == {}


@given(st.floats(0.01, 1), _ASKED)
def test_shares_sum_to_one(known: float, asked: frozenset[str]) -> None:
    weights = shares(known, asked=asked)
    assert sum(weights.values()) == pytest.approx(1.0 if asked else 0.0)
    assert weights.keys() == asked


def test_the_best_of_each_retriever_counts_as_one() -> None:
    found = {"dense": {"a": 0.4, "b": 0.8}, "words": {"a": 30.0, "c": 15.0}}
    assert list(fuse_scores(found, {"dense": 0.5, "words": 0.5})) == [
        Fused("a", 0.75, {"dense": 0.4, "words": 30.0}),
        Fused("b", 0.5, {"dense": 0.8}),
        Fused("c", 0.25, {"words": 15.0}),
    ]


def test_an_opposite_meaning_does_not_count_against_a_passage() -> None:
    found = {"dense": {"a": 0.5, "b": -0.5}, "words": {"b": 3.0}}
    assert {each.id: each.score for each in fuse_scores(found, {"dense": 0.5, "words": 0.5})} == {
        "a": 0.5,
        "b": 0.5,
    }


def test_equal_scores_are_ordered_by_id() -> None:
    found = {"words": {"b": 1.0, "a": 1.0, "c": 1.0}}
    assert [each.id for each in fuse_scores(found, {"words": 1.0})] == ["a", "b", "c"]


def test_nothing_found_is_an_empty_ranking() -> None:
    assert not fuse_scores({"dense": {}, "words": {}}, {"dense": 0.5, "words": 0.5})


@given(_FOUND, st.integers(0, 8))
def test_the_best_few_are_the_beginning_of_the_ranking(
    found: dict[str, dict[str, float]], most: int
) -> None:
    weights = {"dense": 0.5, "words": 0.3, "bigrams": 0.2}
    assert list(fuse_scores(found, weights, most=most)) == fuse_scores(found, weights)[:most]


@given(_FOUND)
def test_every_passage_is_ranked_once_between_zero_and_one(
    found: dict[str, dict[str, float]],
) -> None:
    ranking = fuse_scores(found, {"dense": 0.5, "words": 0.3, "bigrams": 0.2})
    assert sorted(each.id for each in ranking) == sorted(
        {passage for each in found.values() for passage in each}
    )
    scores = [each.score for each in ranking]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
