"""Tables for people: sources, how far the index is behind them, linked accounts."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.sources import JobInfo, SourceInfo, SourceStatus
from rag.models import IndexReport, StalePart
from service.access.link_info import LinkInfo
from service.cli.durations import span_of
from service.cli.render import failures_table, plain_table, projects_table, report_line, shown_time

_GONE = "gone: deleted or closed where it came from"


def source_list(sources: Sequence[SourceInfo]) -> Table:
    """Return sources, with when they are synced."""
    table = plain_table("Source", "Title", "Kind", "Place", "Every", "Next sync")
    for source in sources:
        table.add_row(
            Text(source.source_id),
            Text(source.title),
            source.kind,
            Text(source.location),
            span_of(source.sync_every_s),
            _GONE if source.gone else shown_time(source.next_sync_at),
        )
    return table


def status_view(status: SourceStatus) -> RenderableType:
    """Return a source: what it is, its last sync, its projects, and what the index lacks."""
    report = None if status.last_job is None else status.last_job.report
    parts: list[RenderableType] = [_facts(status), Text(""), projects_table(status.projects)]
    if report is not None:
        parts += [Text(""), *missing_parts(report)]
    return Group(*parts)


def missing_parts(report: IndexReport) -> list[RenderableType]:
    """Return what a sync could not bring up to date: the stale parts, and the failed files."""
    parts: list[RenderableType] = []
    if report.stale:
        parts.append(_stale_table(report.stale))
    if report.failures:
        parts.append(failures_table(report.failures))
    if report.failed > len(report.failures):
        parts.append(Text(f"… and {report.failed - len(report.failures)} more"))
    return parts


def links_table(links: Sequence[LinkInfo]) -> Table:
    """Return linked accounts, without their tokens."""
    table = plain_table("Instance", "Account", "Name", "Linked")
    for link in links:
        table.add_row(
            link.instance, Text(link.user_id), Text(link.user_name), shown_time(link.linked_at)
        )
    return table


def _facts(status: SourceStatus) -> Table:
    source = status.source
    table = plain_table("Source", source.source_id)
    table.add_row("Title", Text(source.title))
    table.add_row("Place", Text(source.link or source.location))
    table.add_row("Last sync", _last_sync(status.last_job))
    table.add_row("Next sync", _GONE if source.gone else shown_time(source.next_sync_at))
    if status.requests_today is not None:
        table.add_row("Requests today", str(status.requests_today))
    return table


def _last_sync(job: JobInfo | None) -> Text:
    if job is None:
        return Text("never")
    text = Text(f"{shown_time(job.finished_at or job.created_at)}, {job.status}")
    if job.error is not None:
        text.append(f": {job.error.message}\n→ {job.error.hint}", style="yellow")
    if job.report is not None:
        text.append("\n").append_text(report_line(job.report))
    return text


def _stale_table(stale: Sequence[StalePart]) -> Table:
    table = plain_table("Stale (as last read)", "Reason", "What it means")
    for part in stale:
        table.add_row(Text(part.path), part.code, Text(part.message))
    return table
