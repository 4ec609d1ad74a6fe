"""How good a ranking is: what the library computes, checked by hand."""

from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.retrieval.measures import MEASURES, measure

pytest.importorskip("ir_measures", reason="MEASURES NOT TESTED: install the extra `eval`")

_RANKING = st.lists(st.sampled_from("abcdefgh"), max_size=12)
_JUDGED = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-1, 3))


def _measured(ranking: list[str], judged: dict[str, int]) -> dict[str, float]:
    return {name: each["q"] for name, each in measure({"q": ranking}, {"q": judged}).items()}


def test_the_best_order_is_one_in_every_measure() -> None:
    assert _measured(["a", "b"], {"a": 2, "b": 1}) == dict.fromkeys(MEASURES, 1.0)


def test_the_second_rank_is_discounted() -> None:
    assert _measured(["x", "a"], {"a": 1}) == pytest.approx(
        {"nDCG@10": 1 / log2(3), "Recall@10": 1, "Recall@100": 1, "MRR@10": 1 / 2}
    )


def test_grades_are_gains() -> None:
    """(1 + 3/log₂3) / (3 + 1/log₂3), Järvelin & Kekäläinen's linear gain."""
    wrong_way = (1 + 3 / log2(3)) / (3 + 1 / log2(3))
    assert _measured(["b", "a"], {"a": 3, "b": 1})["nDCG@10"] == pytest.approx(wrong_way)


def test_what_stands_below_the_tenth_rank_counts_for_recall_at_100_alone() -> None:
    ranking = [*map(str, range(10)), "a"]
    assert _measured(ranking, {"a": 1}) == {
        "nDCG@10": 0,
        "Recall@10": 0,
        "Recall@100": 1,
        "MRR@10": 0,
    }


def test_a_document_listed_twice_counts_once_at_its_better_rank() -> None:
    twice = ["a", "a", "b", "a"]
    assert _measured(twice, {"a": 1, "b": 1}) == _measured(["a", "b"], {"a": 1, "b": 1})


@pytest.mark.parametrize(
    ("ranking", "judged"), [([], {"a": 1}), (["a"], {}), (["a"], {"a": 0}), (["a"], {"a": -1})]
)
def test_nothing_found_or_nothing_relevant_is_zero(
    ranking: list[str], judged: dict[str, int]
) -> None:
    assert _measured(ranking, judged) == dict.fromkeys(MEASURES, 0.0)


def test_each_query_is_measured_by_its_own_judgements() -> None:
    found = measure({"one": ["a"], "two": ["a"]}, {"one": {"a": 1}, "two": {"b": 1}})
    assert found["nDCG@10"] == {"one": 1.0, "two": 0.0}


@settings(max_examples=50)
@given(_RANKING, _JUDGED)
def test_every_measure_lies_between_zero_and_one(
    ranking: list[str], judged: dict[str, int]
) -> None:
    assert all(0 <= value <= 1 + 1e-12 for value in _measured(ranking, judged).values())
