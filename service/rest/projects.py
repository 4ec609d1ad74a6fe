"""Projects: which there are, what is indexed of them, added and removed."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Body, Query, Response
from pydantic import BaseModel, Field

from rag.models import ProjectId, ProjectList
from service.keys import EVERY_PROJECT
from service.records.files import DatabaseIndexRecords, FilePage
from service.rest.context import Caller, Opened
from service.rest.guard import guarded_router
from service.rest.problems import FieldInvalid, GrantTooNarrow

router = guarded_router("projects")

PLAIN_TEXT: Final = r"^[^\x00-\x1f\x7f]+$"
"""One line that every database keeps."""

_FOLDER: Final[Any] = {
    "folder": {
        "summary": "A folder on the service's machine",
        "value": {"path": "/data/alloy-project", "project_id": "alloy", "title": "合金"},
    }
}


class NewProject(BaseModel, frozen=True):
    """A folder that shall become a project."""

    path: str = Field(
        min_length=1,
        max_length=4096,
        pattern=PLAIN_TEXT,
        description="Absolute path on the service's machine, below one of FUMIKURA_FOLDER_ROOTS.",
    )
    project_id: ProjectId | None = Field(
        default=None, description="Made from the folder's name when absent."
    )
    title: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        pattern=PLAIN_TEXT,
        description="The folder's name when absent.",
    )


class AddedProject(BaseModel, frozen=True):
    """A project whose files can now be indexed."""

    project_id: str
    title: str
    path: str
    created_at: datetime


@router.get("/v1/projects")
async def list_projects(caller: Caller, opened: Opened) -> ProjectList:
    """List the projects that the key may see, by title."""
    return await opened.desk.list_projects(caller)


@router.post("/v1/projects", status_code=201)
async def add_project(
    asked: Annotated[NewProject, Body(openapi_examples=_FOLDER)],
    caller: Caller,
    opened: Opened,
) -> AddedProject:
    """Make a folder a project; for one that is a project already, change its title.

    Needs a key that sees every project: another could learn here what it may not see.
    """
    if EVERY_PROJECT not in await opened.records.access.granted(caller):
        raise GrantTooNarrow("adding a project")
    project = await opened.folders.add(
        caller, asked.path, project_id=asked.project_id, title=asked.title
    )
    return AddedProject(
        project_id=project.project_id,
        title=project.title,
        path=project.location,
        created_at=project.created_at,
    )


@router.delete("/v1/projects/{project_id}", status_code=204)
async def remove_project(project_id: ProjectId, caller: Caller, opened: Opened) -> Response:
    """Forget a project: its passages, records and jobs. Its files are left alone."""
    await opened.records.access.require(caller, project_id)
    await opened.folders.remove(caller, project_id)
    return Response(status_code=204)


@router.get("/v1/projects/{project_id}/files")
async def list_files(
    project_id: ProjectId,
    caller: Caller,
    opened: Opened,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[
        str | None, Query(max_length=8192, description="`next_cursor` of the page before.")
    ] = None,
) -> FilePage:
    """List what is indexed of a project, by path, and why files could not be."""
    await opened.records.access.require(caller, project_id)
    files = DatabaseIndexRecords(opened.records.database)
    try:
        return await files.page(project_id, limit=limit, cursor=cursor)
    except ValueError as error:
        raise FieldInvalid("cursor", "not one that this service gave") from error
