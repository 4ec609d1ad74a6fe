"""`fumikura projects list`."""

import click

from rag.models import ProjectList
from service.access.recorded import LOCAL_OPERATOR
from service.cli.options import console, json_option, run
from service.cli.render import projects_table
from service.cli.session import open_session
from service.settings import read_settings


@click.group("projects")
def projects() -> None:
    """List projects; `fumikura sources` adds and removes them."""


@projects.command("list")
@json_option
def list_projects(*, as_json: bool) -> None:
    """List the projects and the state of their indexes."""
    projects = run(_list())
    if as_json:
        print(projects.model_dump_json(indent=2))
    else:
        console().print(projects_table(projects.projects))


async def _list() -> ProjectList:
    async with open_session(read_settings()) as session:
        return await session.desk.list_projects(LOCAL_OPERATOR)
