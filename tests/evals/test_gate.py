"""What fails a run: less than was recorded, less than its own parts, too much lost among others."""

import pytest

from evals.retrieval.gate import broken, judge
from evals.retrieval.run import Run
from tests.evals.runs import a_run, a_set


def _broken(run: Run, recorded: Run | None = None) -> list[tuple[str, str]]:
    return [(each.name, each.found) for each in broken(judge(run, recorded))]


def test_a_run_that_equals_the_recorded_one_passes() -> None:
    run = a_run(cranfield=[0.5, 0.4], xquad=[1, 1])
    assert _broken(run, run) == []
    assert len(judge(run, run)) == 4


@pytest.mark.parametrize(("now", "passes"), [(0.61, True), (0.5951, True), (0.5945, False)])
def test_a_set_may_lose_five_thousandths_not_more(now: float, *, passes: bool) -> None:
    lost = _broken(a_run(jsquad=[now] * 4, xquad=[1]), a_run(jsquad=[0.6] * 4, xquad=[1]))
    assert lost == ([] if passes else [("jsquad", f"0.6000 → {now:.4f} (4 queries)")])


def test_one_set_that_gains_does_not_make_up_for_one_that_loses() -> None:
    lost = _broken(a_run(a=[0.9], b=[0.5]), a_run(a=[0.5], b=[0.6]))
    assert [name for name, _ in lost] == ["b"]


def test_what_was_recorded_and_not_run_fails() -> None:
    assert _broken(a_run(a=[1]), a_run(a=[1], b=[1])) == [("b", "it was not run")]


def test_what_was_run_and_not_recorded_fails() -> None:
    assert _broken(a_run(a=[1], b=[1]), a_run(a=[1])) == [("b", "it is not recorded: record it")]


def test_a_collection_that_became_another_one_fails() -> None:
    changed = a_run(a=a_set([1], documents=9))
    assert _broken(changed, a_run(a=[1])) == [("a", "10 documents became 9")]


def test_a_part_of_the_queries_is_held_against_the_same_ones() -> None:
    assert _broken(a_run(a=[0.9]), a_run(a=[0.9, 1, 1])) == []


@pytest.mark.parametrize(("part", "passes"), [(0.705, True), (0.706, False)])
def test_the_search_may_not_fall_under_its_best_part(part: float, *, passes: bool) -> None:
    run = a_run(a=a_set([0.7], words=0.1, bigrams=part, dense=0.2))
    assert _broken(run) == ([] if passes else [("a", f"0.7000, bigrams {part:.4f}")])


@pytest.mark.parametrize(("mixed", "passes"), [(0.69, True), (0.689, False)])
def test_a_set_may_lose_a_hundredth_among_other_sets(mixed: float, *, passes: bool) -> None:
    run = a_run(a=a_set([0.7], mixed=mixed))
    assert _broken(run) == ([] if passes else [("a", f"0.7000, mixed {mixed:.4f}")])


def test_a_peer_that_is_better_breaks_no_rule() -> None:
    assert _broken(a_run(a=a_set([0.7], bm25s=0.9))) == []


def test_a_document_that_could_not_be_indexed_fails() -> None:
    assert _broken(a_run(a=a_set([1], failed=1))) == [("a", "1 of 10 not")]
