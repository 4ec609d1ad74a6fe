"""`fumikura index PLACE`: make files searchable, with a progress bar."""

import click

from agents.sources import JobInfo
from service.cli.options import json_option, run
from service.cli.places import Choice, added, place_options
from service.cli.problems import PlaceMissing
from service.cli.progress import show_end, sync_source
from service.cli.session import open_session
from service.settings import Settings, read_settings


@click.command("index")
@click.argument("place", required=False)
@place_options
@json_option
def index(place: str | None, *, as_json: bool, **chosen: object) -> None:
    """Make a folder or a project of GakuNin RDM searchable, or bring its index up to date.

    PLACE is a folder, `rdm:abc12` or `osf:abc12` (a project with its components), or `rdmfs:/mnt`
    (a project that rdmfs has mounted). Without it, RDM_NODE_ID says which project.

    Only new and changed files are read. A run that is interrupted goes on where it was.
    """
    settings = read_settings()
    choice = Choice.of(place or _surrounding(settings), chosen)
    show_end(run(_index(settings, choice, quiet=as_json)), as_json=as_json)


async def _index(settings: Settings, choice: Choice, *, quiet: bool) -> JobInfo:
    async with open_session(settings) as session:
        return await sync_source(session, await added(session, choice), quiet=quiet)


def _surrounding(settings: Settings) -> str:
    """Return the project of the notebook that the command runs in.

    Raises:
        PlaceMissing: it runs in none.
    """
    if settings.rdm_node_id is None:
        raise PlaceMissing
    return f"rdm:{settings.rdm_node_id}"
