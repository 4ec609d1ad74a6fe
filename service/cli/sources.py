"""`fumikura sources`: places that files come from, kept in step with the index."""

import json
import sys

import click
from pydantic import TypeAdapter

from agents.sources import JobInfo, SourceInfo, SourceRequest, SourceStatus
from service.access.recorded import LOCAL_OPERATOR
from service.cli.options import console, json_option, run
from service.cli.places import Choice, added, place_options
from service.cli.progress import show_end, sync_source
from service.cli.session import open_session
from service.cli.source_tables import source_list, status_view
from service.settings import read_settings

_ADDED = (
    "Added {0}. Index it with `fumikura sources sync {0}`.\n"
    "{0} を追加しました。索引するには: fumikura sources sync {0}"
)
_NOTHING_RUNS = "Nothing is being synced.  同期中のものはありません。"


@click.group("sources")
def sources() -> None:
    """Add, list, sync and remove folders and projects of GakuNin RDM."""


@sources.command("list")
@json_option
def list_sources(*, as_json: bool) -> None:
    """List the sources, and when each is synced next."""
    found = run(_list())
    if as_json:
        print(TypeAdapter(list[SourceInfo]).dump_json(found, indent=2).decode())
    else:
        console().print(source_list(found))


@sources.command("add")
@click.argument("place")
@place_options
@json_option
def add(place: str, *, as_json: bool, **chosen: object) -> None:
    """Add PLACE without indexing it yet; of one that is there already, change what is named.

    PLACE is a folder, `rdm:abc12` or `osf:abc12` (a project with its components), or `rdmfs:/mnt`
    (a project that rdmfs has mounted).
    """
    source_id = run(_add(Choice.of(place, chosen)))
    if as_json:
        print(json.dumps({"source_id": source_id}))
    else:
        print(_ADDED.format(source_id))


@sources.command("sync")
@click.argument("source_id")
@json_option
def sync(source_id: str, *, as_json: bool) -> None:
    """Bring the index up to the source; Ctrl-C stops it, and the next sync goes on from there."""
    show_end(run(_sync(source_id, quiet=as_json)), as_json=as_json)


@sources.command("status")
@click.argument("source_id")
@json_option
def status(source_id: str, *, as_json: bool) -> None:
    """Say how far the index is behind the source: last sync, what is stale, what failed."""
    found = run(_status(source_id))
    if as_json:
        print(found.model_dump_json(indent=2))
    else:
        console().print(status_view(found))


@sources.command("remove")
@click.argument("source_id")
@json_option
def remove(source_id: str, *, as_json: bool) -> None:
    """Forget a source with its passages, records and token. Its files are left alone."""
    run(_remove(source_id))
    if as_json:
        print(json.dumps({"removed": source_id}))
    else:
        print(f"Removed {source_id}.")


@sources.command("cancel")
@click.argument("source_id")
@json_option
def cancel(source_id: str, *, as_json: bool) -> None:
    """Stop the sync of a source that runs or waits; what it has indexed stays."""
    job = run(_cancel(source_id))
    if as_json:
        print("null" if job is None else job.model_dump_json(indent=2))
    elif job is None:
        print(_NOTHING_RUNS, file=sys.stderr)
    else:
        print(f"Asked the sync of {source_id} to stop.  同期の中止を指示しました。")


async def _list() -> list[SourceInfo]:
    async with open_session(read_settings()) as session:
        return await session.keeper.list_sources()


async def _add(choice: Choice) -> str:
    """Return the source's id; who adds it need not be able to read it."""
    async with open_session(read_settings()) as session:
        return await added(session, choice)


async def _sync(source_id: str, *, quiet: bool) -> JobInfo:
    async with open_session(read_settings()) as session:
        return await sync_source(session, source_id, quiet=quiet)


async def _status(source_id: str) -> SourceStatus:
    async with open_session(read_settings()) as session:
        request = SourceRequest(source_id=source_id)
        return await session.desk.source_status(LOCAL_OPERATOR, request)


async def _remove(source_id: str) -> None:
    async with open_session(read_settings()) as session:
        await session.keeper.remove_source(source_id)


async def _cancel(source_id: str) -> JobInfo | None:
    """Return the job that was asked to stop; None where none runs or waits."""
    async with open_session(read_settings()) as session:
        request = SourceRequest(source_id=source_id)
        job = (await session.desk.source_status(LOCAL_OPERATOR, request)).last_job
        if job is None or job.has_ended:
            return None
        return await session.keeper.cancel_job(job.job_id)
