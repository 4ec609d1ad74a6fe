"""`fumikura projects list|remove`."""

import json

import click

from rag.models import ProjectList
from service.access import LOCAL_OPERATOR
from service.cli.options import console, json_option, run
from service.cli.render import projects_table
from service.cli.session import open_session
from service.settings import read_settings


@click.group("projects")
def projects() -> None:
    """List or remove projects."""


@projects.command("list")
@json_option
def list_projects(*, as_json: bool) -> None:
    """List the projects and the state of their indexes."""
    projects = run(_list())
    if as_json:
        print(projects.model_dump_json(indent=2))
    else:
        console().print(projects_table(projects.projects))


@projects.command("remove")
@click.argument("project_id")
@json_option
def remove(project_id: str, *, as_json: bool) -> None:
    """Forget a project: passages, records and jobs. Its files are left alone."""
    run(_remove(project_id))
    if as_json:
        print(json.dumps({"removed": project_id}))
    else:
        print(f"Removed {project_id}.")


async def _list() -> ProjectList:
    async with open_session(read_settings()) as session:
        return await session.desk.list_projects(LOCAL_OPERATOR)


async def _remove(project_id: str) -> None:
    async with open_session(read_settings()) as session:
        await session.keeper.remove_project(project_id)
