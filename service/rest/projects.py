"""Projects: which there are, and what is indexed of them."""

from typing import Annotated

from fastapi import Query

from rag.models import ProjectId, ProjectList
from service.records.files import FilePage
from service.rest.context import Caller, Opened
from service.rest.guard import guarded_router
from service.rest.problems import FieldInvalid

router = guarded_router("projects")


@router.get("/v1/projects")
async def list_projects(caller: Caller, opened: Opened) -> ProjectList:
    """List the projects that the key may see, by title."""
    return await opened.desk.list_projects(caller)


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
    await opened.access.require(caller, project_id)
    files = opened.generations.active.records
    try:
        return await files.page(project_id, limit=limit, cursor=cursor)
    except ValueError as error:
        raise FieldInvalid("cursor", "not one that this service gave") from error
