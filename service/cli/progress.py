"""Follow a sync to its end: how far it is on the terminal, Ctrl-C stops it where it is."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

from agents.sources import JobInfo, SourceRequest
from rag.models import IndexReport
from service.access.recorded import LOCAL_OPERATOR
from service.cli.options import console
from service.cli.problems import SyncCancelled
from service.cli.render import report_line
from service.cli.session import Session
from service.cli.source_tables import missing_parts
from service.remote_desk import ServiceSaid

_SHOWN_PATH: Final = 40  # characters of a path beside the bar
_STOPPED: Final = (
    "Stopped; what is indexed stays. Go on with `fumikura sources sync {0}`.\n"
    "中断しました。索引済みの分は残ります。続けるには: fumikura sources sync {0}"
)


async def sync_source(session: Session, source_id: str, *, quiet: bool) -> JobInfo:
    """Sync a source to its end and show how far it is.

    Raises:
        ServiceSaid: the sync failed as a whole.
        SyncCancelled: somebody else stopped it.
    """
    queued = await session.desk.sync_source(LOCAL_OPERATOR, SourceRequest(source_id=source_id))
    try:
        async with aclosing(session.keeper.watch_job(queued.job_id)) as jobs:
            job = await _last_shown(jobs, quiet=quiet)
    except asyncio.CancelledError:  # Ctrl-C: nobody waits for the rest
        await session.keeper.cancel_job(queued.job_id)
        print(_STOPPED.format(source_id), file=sys.stderr)
        raise
    if job.error is not None:
        raise ServiceSaid(job.error)
    if job.status == "cancelled":
        raise SyncCancelled(source_id)
    return job


def show_end(job: JobInfo, *, as_json: bool) -> None:
    """Print what a sync has done, and what it could not bring up to date."""
    report = job.report or IndexReport(project_id=job.project_id, stage="done")
    if as_json:
        print(report.model_dump_json(indent=2))
        return
    screen = console()
    screen.print(report_line(report))
    for part in missing_parts(report):
        screen.print(part)


def progress_of(report: IndexReport) -> str:
    """Return what a sync has done so far, such as `120 seen, 117 skipped, 1 moved, 2 failed`."""
    counts = {
        "seen": report.seen,
        "skipped": report.unchanged,
        "moved": report.moved,
        "removed": report.removed,
        "failed": report.failed,
    }
    return ", ".join(f"{number} {name}" for name, number in counts.items() if number)


def time_left(eta_s: float | None) -> str:
    """Return a rest of time as people say it: `0:42`, `1:05:00`; empty where it is not known."""
    if eta_s is None:
        return ""
    minutes, seconds = divmod(round(eta_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


async def _last_shown(jobs: AsyncIterator[JobInfo], *, quiet: bool) -> JobInfo:
    """Move a progress bar as the job moves, and return its last state."""
    from rich.progress import (  # noqa: PLC0415 - see console()
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]} {task.fields[counts]}", markup=False),
        TextColumn("{task.fields[current]}", markup=False, style="dim"),
    )
    last: JobInfo | None = None
    with Progress(*columns, console=console(stderr=True), disable=quiet) as bar:
        task = bar.add_task("Syncing", total=None, left="", counts="", current="")
        async for job in jobs:
            last = job
            report = job.report
            if report is not None:
                bar.update(
                    task,
                    description=report.current_project or report.project_id,
                    completed=report.done,
                    total=None if report.stage == "listing" else report.todo,
                    left=time_left(report.eta_s),
                    counts=progress_of(report),
                    current=(report.current or "")[-_SHOWN_PATH:],
                )
    if last is None:
        raise RuntimeError("a watched job is shown at least once")
    return last
