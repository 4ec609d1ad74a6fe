"""Syncs as jobs: looked at, followed, stopped."""

from contextlib import aclosing
from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel

from agents.sources import JobInfo
from contracts.principal import Principal
from rag.models import ProjectId
from service.rest.context import Caller, Opened
from service.rest.events import MEDIA_TYPE, Events, event, stream
from service.rest.guard import guarded_router
from service.sources.visible import VisibleSources

router = guarded_router("jobs")

JobId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
_EVENTS: Final = {
    "description": "Events: `progress` with the job whenever it has changed; `done`, `failed` or"
    " `cancelled` with the job at its end; or `error` with a problem.",
    "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
}


class JobList(BaseModel, frozen=True):
    """Jobs of one source, the newest first."""

    jobs: list[JobInfo]


@router.get("/v1/projects/{project_id}/jobs")
async def list_jobs(
    project_id: ProjectId,
    caller: Caller,
    opened: Opened,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> JobList:
    """List the jobs of a source, by the id of its project, the newest first."""
    return JobList(jobs=await opened.sources_seen.latest_jobs(caller, project_id, limit=limit))


@router.get("/v1/jobs/{job_id}")
async def get_job(job_id: JobId, caller: Caller, opened: Opened) -> JobInfo:
    """Return one job, with what was done so far."""
    return await opened.sources_seen.job(caller, job_id)


@router.get("/v1/jobs/{job_id}/events", response_class=Response, responses={200: _EVENTS})
async def follow_job(request: Request, job_id: JobId, caller: Caller, opened: Opened) -> Response:
    """Follow one job until it ends."""
    return await stream(request, _events(opened.sources_seen, caller, job_id))


@router.post("/v1/jobs/{job_id}/cancel", status_code=202)
async def cancel_job(job_id: JobId, caller: Caller, opened: Opened) -> JobInfo:
    """Ask a job to stop. It ends soon after; what it has indexed stays, the next sync goes on."""
    return await opened.sources_seen.cancel(caller, job_id)


async def _events(seen: VisibleSources, caller: Principal, job_id: str) -> Events:
    async with aclosing(seen.follow(caller, job_id)) as changes:
        async for job in changes:
            yield event(job.status if job.has_ended else "progress", job)
