"""How scores of several retrievers become one ranking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import Fused, fuse_scores, shares

BOTH = frozenset({"words", "bigrams"})
ENGLISH_MODEL = frozenset({"en"})
EVERY_LANGUAGE = frozenset({"*"})

_SCORES = st.dictionaries(st.sampled_from("abcdef"), st.floats(-1, 50), max_size=6)
_FOUND = st.fixed_dictionaries({"dense": _SCORES, "words": _SCORES, "bigrams": _SCORES})


@pytest.mark.parametrize("language", ["ja", "sa"])
def test_a_model_that_does_not_know_the_language_is_not_asked(language: str) -> None:
    assert shares(language, lexical=BOTH, trusted=ENGLISH_MODEL).keys() == BOTH


@pytest.mark.parametrize("trusted", [ENGLISH_MODEL, EVERY_LANGUAGE])
def test_a_model_that_knows_the_language_has_a_say(trusted: frozenset[str]) -> None:
    assert 0 < shares("en", lexical=frozenset({"words"}), trusted=trusted)["dense"] < 1


def test_a_query_without_terms_is_left_to_the_model_that_knows_its_language() -> None:
    assert shares("en", lexical=frozenset(), trusted=ENGLISH_MODEL) == {"dense": 1.0}
    assert shares("ja", lexical=frozenset(), trusted=ENGLISH_MODEL) == {}


@given(
    st.sampled_from(["ja", "en", "sa"]),
    st.frozensets(st.sampled_from(["words", "bigrams"])),
    st.frozensets(st.sampled_from(["ja", "en", "*"])),
)
def test_shares_sum_to_one(language: str, lexical: frozenset[str], trusted: frozenset[str]) -> None:
    weights = shares(language, lexical=lexical, trusted=trusted)
    assert sum(weights.values()) == pytest.approx(1.0 if weights else 0.0)
    assert weights.keys() >= lexical


def test_the_best_of_each_retriever_counts_as_one() -> None:
    found = {"dense": {"a": 0.4, "b": 0.8}, "words": {"a": 30.0, "c": 15.0}}
    assert fuse_scores(found, {"dense": 0.5, "words": 0.5}) == [
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
    assert fuse_scores({"dense": {}, "words": {}}, {"dense": 0.5, "words": 0.5}) == []


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
