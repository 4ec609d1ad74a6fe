"""Two runs, query by query: what differs, and whether that may be chance."""

from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.retrieval.comparison import compare, holm, randomisation_p
from tests.evals.runs import a_run

_DIFFERENCES = st.lists(st.floats(-1, 1), max_size=20)


def test_equal_runs_do_not_differ() -> None:
    [same] = compare(a_run(a=[0.5, 1]), a_run(a=[0.5, 1]))
    assert (same.gained, same.changes, same.p, same.p_holm) == (0, {}, 1, 1)


def test_what_each_query_gained_or_lost_is_told() -> None:
    [each] = compare(a_run(a=[0.5, 1, 0.2]), a_run(a=[1, 0, 0.2]))
    assert (each.name, each.queries) == ("a", 3)
    assert each.changes == {"q0": 0.5, "q1": -1}
    assert (each.better, each.worse) == (1, 1)
    assert each.gained == pytest.approx(-0.5 / 3)


def test_only_queries_that_both_runs_asked_are_compared() -> None:
    [each] = compare(a_run(a=[0, 0.5]), a_run(a=[1, 0.5, 0, 0]))
    assert (each.queries, each.before, each.after) == (2, 0.25, 0.75)


def test_sets_of_one_run_alone_are_passed_over() -> None:
    assert [each.name for each in compare(a_run(a=[1], b=[1]), a_run(b=[1], c=[1]))] == ["b"]


def test_many_queries_that_all_gain_are_no_chance() -> None:
    assert randomisation_p([0.01] * 30) == pytest.approx(1 / 10_000)


def test_gains_and_losses_that_even_out_are_chance() -> None:
    assert randomisation_p([0.3, -0.3] * 10) == 1.0


def test_the_chance_of_a_single_change_is_certain() -> None:
    """Of two possible signs both make a mean as far from 0."""
    assert randomisation_p([0.0, 0.7, 0.0]) == 1.0


def test_the_chance_is_what_scipy_counts_from_all_signs() -> None:
    stats: Any = import_module("scipy.stats")
    differences = [0.4, 0.1, 0.3, -0.2, 0.25, 0.05, -0.1, 0.2, 0.15, 0.3]
    exact = stats.permutation_test(
        (differences,), sum, permutation_type="samples", n_resamples=2**11
    )
    assert randomisation_p(differences) == pytest.approx(exact.pvalue, abs=0.01)


@settings(max_examples=20, deadline=None)
@given(_DIFFERENCES)
def test_a_chance_is_the_same_whichever_run_came_first(differences: list[float]) -> None:
    chance = randomisation_p(differences)
    assert 0 < chance <= 1
    assert randomisation_p([-each for each in differences]) == chance


def test_holm_weighs_the_smallest_chance_by_all_tests_the_next_by_one_less() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_holm_leaves_a_single_test_alone_and_no_chance_above_one() -> None:
    assert holm([0.02]) == [0.02]
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
