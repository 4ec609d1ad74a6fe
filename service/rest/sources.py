"""Sources: where files come from, and how the index is kept equal to them."""

from typing import Annotated, Any, Final

from fastapi import Body, Response
from pydantic import BaseModel, Field

from agents.sources import JobInfo, SourceInfo, SourceKind, SourceRequest, SourceStatus
from rag.models import ProjectId
from service.keys import EVERY_PROJECT
from service.rest.context import Caller, Opened
from service.rest.guard import guarded_router
from service.rest.plain_text import PLAIN_TEXT
from service.rest.problems import GrantTooNarrow
from service.rest.token_field import RdmToken
from service.sources.order import SourceOrder

router = guarded_router("sources")

_ORDERS: Final[Any] = {
    "folder": {
        "summary": "A folder on the service's machine",
        "value": {"location": "/data/alloy-project", "project_id": "alloy", "title": "合金"},
    },
    "rdm": {
        "summary": "A project of GakuNin RDM with its components, synced every hour",
        "value": {"location": "rdm:abc12", "token": "a-token-that-reads-it", "sync_every_s": 3600},
    },
}


class NewSource(BaseModel, frozen=True):
    """A place whose files shall be found."""

    location: str = Field(
        min_length=1,
        max_length=4096,
        pattern=PLAIN_TEXT,
        description="`rdm:abc12` or `osf:abc12`, a project with its components; or an absolute path"
        " on the service's machine, below one of FUMIKURA_FOLDER_ROOTS; `rdmfs:/mnt/rdm` where RDM"
        " is mounted there.",
    )
    project_id: ProjectId | None = Field(
        default=None, description="For folders; made from the folder's name when absent."
    )
    title: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        pattern=PLAIN_TEXT,
        description="For folders; the folder's name when absent.",
    )
    token: RdmToken | None = Field(
        default=None, description="What reads the source; the service's own token when absent."
    )
    sync_every_s: float | None = Field(
        default=None, ge=60, le=31_536_000, description="As the service does when absent."
    )
    with_registrations: bool | None = Field(
        default=None, description="Of a project of RDM: its registrations too."
    )


class AddedSource(BaseModel, frozen=True):
    """A source that can now be synced. What is in it is told to who may read it."""

    source_id: str
    kind: SourceKind
    location: str


class SourceList(BaseModel, frozen=True):
    """The sources that the caller may read, by title."""

    sources: list[SourceInfo]


@router.get("/v1/sources")
async def list_sources(caller: Caller, opened: Opened) -> SourceList:
    """List the sources whose project the caller may read, by title."""
    return SourceList(sources=await opened.sources_seen.list_all(caller))


@router.post("/v1/sources", status_code=201)
async def add_source(
    asked: Annotated[NewSource, Body(openapi_examples=_ORDERS)], caller: Caller, opened: Opened
) -> AddedSource:
    """Add a source; for one that is there already, change its title, token and schedule.

    Needs a key that was granted every project: another could learn here what it may not see.
    """
    if EVERY_PROJECT not in await opened.access.granted(caller):
        raise GrantTooNarrow("adding a source")
    order = SourceOrder(
        location=asked.location,
        project_id=asked.project_id,
        title=asked.title,
        token=asked.token,
        sync_every_s=asked.sync_every_s,
        with_registrations=asked.with_registrations,
    )
    added = await opened.sources.add(caller, order)
    return AddedSource(source_id=added.project_id, kind=added.kind, location=added.location)


@router.get("/v1/sources/{source_id}")
async def get_source(source_id: ProjectId, caller: Caller, opened: Opened) -> SourceStatus:
    """Say how far the index is behind a source."""
    return await opened.desk.source_status(caller, SourceRequest(source_id=source_id))


@router.delete("/v1/sources/{source_id}", status_code=204)
async def remove_source(source_id: ProjectId, caller: Caller, opened: Opened) -> Response:
    """Forget a source: passages, records, jobs, its token. What is in it is left alone."""
    await opened.access.require(caller, source_id)
    await opened.sources.remove(caller, source_id)
    return Response(status_code=204)


@router.post("/v1/sources/{source_id}/sync", status_code=202)
async def sync_source(
    source_id: ProjectId, caller: Caller, opened: Opened, response: Response
) -> JobInfo:
    """Queue a sync of a source; one that waits already is given back instead."""
    job = await opened.desk.sync_source(caller, SourceRequest(source_id=source_id))
    response.headers["Location"] = f"/v1/jobs/{job.job_id}"
    return job
