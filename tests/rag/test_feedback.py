"""What the best passages add to the query that found them."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.feedback import HEARD, Vectors, expanded, moved, say, with_feedback
from rag.fusion import Fused
from rag.store.port import SparseVector, StoredVectors

_SCORES = st.lists(st.floats(0, 1), max_size=12).map(lambda scores: sorted(scores, reverse=True))


def _ranking(*scores: float) -> list[Fused]:
    return [Fused(str(place), score, {}) for place, score in enumerate(scores)]


def _weights(vector: SparseVector) -> Mapping[int, float]:
    return dict(zip(vector.indices, vector.values, strict=True))


def test_equal_passages_have_an_equal_say() -> None:
    assert say(_ranking(0.5, 0.5)) == {"0": 0.5, "1": 0.5}


def test_a_passage_that_stands_out_is_nearly_alone() -> None:
    assert say(_ranking(1.0, 0.6, 0.6))["0"] > 0.99


@given(_SCORES)
def test_the_best_few_share_one_say_in_their_order(scores: list[float]) -> None:
    weights = list(say(_ranking(*scores)).values())
    assert len(weights) <= HEARD
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1.0 if any(scores) else 0.0)


def test_a_vector_moves_towards_what_was_found() -> None:
    assert moved([1.0, 0.0], {"a": [0.0, 1.0]}, {"a": 1.0}) == [1.0, 0.5]


def test_nothing_found_moves_nothing() -> None:
    assert moved([0.6, 0.8], {}, {}) == [0.6, 0.8]


def test_the_terms_of_a_passage_join_those_that_were_asked() -> None:
    asked = SparseVector([1, 2], [1.0, 1.0])
    found = {"a": SparseVector([2, 3], [0.5, 1.5])}
    assert _weights(expanded(asked, found, {"a": 1.0})) == {1: 1.0, 2: 1.25, 3: 0.75}


def test_only_the_strongest_terms_are_added() -> None:
    found = {"a": SparseVector(list(range(100)), [float(term) for term in range(100)])}
    terms = expanded(SparseVector([0], [1.0]), found, {"a": 1.0}).indices
    assert list(terms) == [0, *range(80, 100)]


@given(
    st.dictionaries(st.integers(0, 30), st.floats(0.1, 3), min_size=1, max_size=8),
    st.dictionaries(st.integers(0, 30), st.floats(0.1, 2), max_size=30),
)
def test_what_was_asked_counts_at_least_as_much_as_before(
    asked: dict[int, float], found: dict[int, float]
) -> None:
    query = SparseVector(sorted(asked), [asked[term] for term in sorted(asked)])
    passage = SparseVector(sorted(found), [found[term] for term in sorted(found)])
    weights = _weights(expanded(query, {"a": passage}, {"a": 1.0}))
    assert all(weights[term] >= weight for term, weight in asked.items())
    added = sum(weights.values()) - sum(asked.values())
    assert added == pytest.approx(0.5 * sum(asked.values()) if found else 0.0)


def test_each_vector_hears_what_the_passages_have_of_it() -> None:
    """A passage in a language that the model does not know has no dense vector."""
    query: Vectors = {"dense": [1.0, 0.0], "words": SparseVector([1], [2.0])}
    english = StoredVectors(dense=[0.0, 1.0], terms={"words": SparseVector([5], [1.0])})
    japanese = StoredVectors(dense=[], terms={"bigrams": SparseVector([7], [1.0])})
    changed = with_feedback(query, {"a": english, "b": japanese}, {"a": 0.5, "b": 0.5})
    assert changed == {"dense": [1.0, 0.25], "words": SparseVector([1, 5], [2.0, 1.0])}


def test_learned_weights_are_left_as_they_are() -> None:
    query = {"sparse": SparseVector([1], [1.0])}
    stored = StoredVectors(dense=[1.0], sparse=SparseVector([2], [1.0]), terms={})
    assert with_feedback(query, {"a": stored}, {"a": 1.0}) == {}
