"""How far a sync is, in one line."""

import pytest

from rag.models import IndexReport
from service.cli.progress import progress_of, time_left


def test_what_a_sync_has_done_is_counted_and_nothing_else_is_named() -> None:
    report = IndexReport(
        project_id="a", stage="indexing", seen=120, unchanged=117, moved=1, failed=2
    )
    assert progress_of(report) == "120 seen, 117 skipped, 1 moved, 2 failed"


def test_before_anything_is_seen_there_is_nothing_to_say() -> None:
    assert progress_of(IndexReport(project_id="a", stage="listing")) == ""


@pytest.mark.parametrize(
    ("eta_s", "shown"), [(None, ""), (0.4, "0:00"), (42.0, "0:42"), (3899.6, "1:05:00")]
)
def test_the_rest_of_the_time_is_shown_as_a_clock_does(eta_s: float | None, shown: str) -> None:
    assert time_left(eta_s) == shown
