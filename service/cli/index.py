"""`fumikura index PLACE`: make files searchable, with a progress bar."""

from typing import Any

import click

from agents.sources import JobInfo
from service.cli.options import json_option, run
from service.cli.places import Choice, added, place_options
from service.cli.problems import EngineElsewhere, PlaceMissing
from service.cli.progress import show_end, sync_source
from service.cli.session import open_session
from service.settings import Settings, read_settings


@click.command("index")
@click.argument("place", required=False)
@place_options
@click.option("--engine", type=click.Choice(["local", "ray"]), help="Where files are parsed.")
@click.option("--ray-address", help="The cluster: auto, host:port, or local to start one here.")
@json_option
def index(
    place: str | None,
    *,
    engine: str | None,
    ray_address: str | None,
    as_json: bool,
    **chosen: object,
) -> None:
    """Make a folder or a project of GakuNin RDM searchable, or bring its index up to date.

    PLACE is a folder, `rdm:abc12` or `osf:abc12` (a project with its components), or `rdmfs:/mnt`
    (a project that rdmfs has mounted). Without it, RDM_NODE_ID says which project.

    Only new and changed files are read. A run that is interrupted goes on where it was. With
    `--engine ray`, a Ray cluster parses and cuts them; this process embeds and writes.
    """
    settings = read_settings(**_engine(engine, ray_address))
    choice = Choice.of(place or _surrounding(settings), chosen)
    show_end(run(_index(settings, choice, quiet=as_json)), as_json=as_json)


async def _index(settings: Settings, choice: Choice, *, quiet: bool) -> JobInfo:
    async with open_session(settings) as session:
        if session.service_url is not None and settings.engine != "local":
            raise EngineElsewhere(session.service_url)
        return await sync_source(session, await added(session, choice), quiet=quiet)


def _engine(engine: str | None, ray_address: str | None) -> dict[str, Any]:
    """Return the settings that the options stand for; an address alone means Ray, too."""
    chosen: dict[str, Any] = {}
    if engine is not None or ray_address is not None:
        chosen["engine"] = engine or "ray"
    if ray_address is not None:
        chosen["ray"] = {"address": ray_address}
    return chosen


def _surrounding(settings: Settings) -> str:
    """Return the project of the notebook that the command runs in.

    Raises:
        PlaceMissing: it runs in none.
    """
    if settings.rdm_node_id is None:
        raise PlaceMissing
    return f"rdm:{settings.rdm_node_id}"
