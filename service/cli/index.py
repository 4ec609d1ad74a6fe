"""`fumikura index PATH`: make a folder searchable, with a progress bar."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import click

from rag.models import IndexReport
from service.cli.options import console, json_option, run
from service.cli.render import failures_table, report_line
from service.cli.session import ProjectKeeper, open_session
from service.records.jobs import JobInfo
from service.remote_desk import ServiceSaid
from service.settings import read_settings

_SHOWN_PATH = 60  # characters of a path beside the bar


@click.command("index")
@click.argument("path", type=click.Path())
@click.option("--project-id", help="Id of the project; made from the folder's name when absent.")
@click.option("--title", help="Its name for people; the folder's name when absent.")
@json_option
def index(path: str, project_id: str | None, title: str | None, *, as_json: bool) -> None:
    """Make the folder PATH searchable, or bring its index up to date.

    Only new and changed files are read. A run that is interrupted goes on where it was.
    """
    absolute = str(Path(path).expanduser().resolve())
    run(_index(absolute, project_id, title, as_json=as_json))


async def _index(path: str, project_id: str | None, title: str | None, *, as_json: bool) -> None:
    async with open_session(read_settings()) as session:
        made = await session.keeper.add_folder(path, project_id=project_id, title=title)
        job = await index_project(session.keeper, made, quiet=as_json)
    report = job.report or IndexReport(project_id=made, stage="done")
    if as_json:
        print(report.model_dump_json(indent=2))
        return
    screen = console()
    screen.print(report_line(report))
    if report.failures:
        screen.print(failures_table(report.failures))


async def index_project(keeper: ProjectKeeper, project_id: str, *, quiet: bool) -> JobInfo:
    """Index a project to its end and show how far it is.

    Raises:
        ServiceSaid: the job failed as a whole.
    """
    queued = await keeper.start_index(project_id)
    async with aclosing(keeper.watch_job(queued.job_id)) as jobs:
        job = await _last_shown(jobs, quiet=quiet)
    if job.error is not None:
        raise ServiceSaid(job.error)
    return job


async def _last_shown(jobs: AsyncIterator[JobInfo], *, quiet: bool) -> JobInfo:
    """Move a progress bar as the job moves, and return its last state."""
    from rich.progress import (  # noqa: PLC0415 - see console()
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[current]}", markup=False),
    )
    last: JobInfo | None = None
    with Progress(*columns, console=console(stderr=True), disable=quiet) as bar:
        task = bar.add_task("Indexing", total=None, current="")
        async for job in jobs:
            last = job
            if job.report is not None and job.report.stage != "listing":
                done, todo = job.report.done, job.report.todo
                current = (job.report.current or "")[-_SHOWN_PATH:]
                bar.update(task, completed=done, total=todo, current=current)
    if last is None:
        raise RuntimeError("a watched job is shown at least once")
    return last
