"""How sources and their state are shown."""

from datetime import UTC, datetime

from rich.console import Console

from agents.sources import JobInfo, SourceInfo, SourceStatus
from rag.models import FileFailure, IndexReport, StalePart
from service.cli.source_tables import missing_parts, source_list, status_view
from service.problems import JobFailed

_SOURCE = SourceInfo(
    source_id="rdm-abc12", title="鋼の疲労", kind="rdm", location="rdm:abc12", gone=True
)
_STALE = StalePart(path="googledrive/", code="rdm_unavailable", message="It did not answer.")


def _shown(*parts: object) -> str:
    console = Console(width=160)
    with console.capture() as captured:
        console.print(*parts)
    return captured.get()


def test_a_source_that_is_gone_says_so() -> None:
    assert "gone" in _shown(source_list([_SOURCE]))


def test_a_stale_part_is_shown_with_its_reason() -> None:
    report = IndexReport(project_id="rdm-abc12", stage="done", stale=[_STALE])
    shown = _shown(*missing_parts(report))
    assert ("googledrive/" in shown, "It did not answer." in shown) == (True, True)


def test_failures_beyond_those_named_are_counted() -> None:
    named = [FileFailure(path="a.pdf", code="empty_file", message="It is empty.")]
    report = IndexReport(project_id="rdm-abc12", stage="done", failed=103, failures=named)
    assert "and 102 more" in _shown(*missing_parts(report))


def test_a_sync_that_failed_says_why_and_what_next() -> None:
    job = JobInfo(
        job_id="1",
        project_id="rdm-abc12",
        status="failed",
        error=JobFailed().body(),
        attempt=1,
        created_at=datetime.now(UTC),
    )
    shown = _shown(status_view(SourceStatus(source=_SOURCE, projects=[], last_job=job)))
    assert ("an error in the service" in shown, "→ Index again" in shown) == (True, True)
