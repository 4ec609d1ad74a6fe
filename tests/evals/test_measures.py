"""How good a ranking is, worked out by hand."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.retrieval.measures import ndcg

_RANKING = st.lists(st.sampled_from("abcdefgh"), max_size=12)
_JUDGED = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3))


def test_the_best_order_is_one() -> None:
    assert ndcg(["a", "b"], {"a": 2, "b": 1}) == 1.0


def test_the_second_rank_is_discounted() -> None:
    assert ndcg(["x", "a"], {"a": 1}) == pytest.approx(1 / log2(3))


def test_grades_are_gains() -> None:
    """(1 + 3/log₂3) / (3 + 1/log₂3), Järvelin & Kekäläinen's linear gain."""
    wrong_way = (1 + 3 / log2(3)) / (3 + 1 / log2(3))
    assert ndcg(["b", "a"], {"a": 3, "b": 1}) == pytest.approx(wrong_way)


def test_what_stands_below_the_cut_does_not_count() -> None:
    assert ndcg([*"xyz", "a"], {"a": 1}, at=3) == 0.0


def test_more_relevant_documents_than_places_can_still_be_one() -> None:
    assert ndcg(["a", "b"], dict.fromkeys("abcd", 1), at=2) == 1.0


def test_a_document_listed_twice_counts_once() -> None:
    assert ndcg(["a", "a", "b"], {"a": 1, "b": 1}) == 1.0


@pytest.mark.parametrize(("ranking", "judged"), [([], {"a": 1}), (["a"], {}), (["a"], {"a": 0})])
def test_nothing_relevant_is_zero(ranking: list[str], judged: dict[str, int]) -> None:
    assert ndcg(ranking, judged) == 0.0


@given(_RANKING, _JUDGED)
def test_it_lies_between_zero_and_one(ranking: list[str], judged: dict[str, int]) -> None:
    assert 0 <= ndcg(ranking, judged) <= 1 + 1e-12
