"""Indexing jobs: begun, looked at, followed."""

from contextlib import aclosing
from typing import Annotated, Final

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel

from contracts.principal import Principal
from rag.models import ProjectId
from service.jobs import Jobs
from service.problems import JobUnknown
from service.records.jobs import JobInfo
from service.rest.context import Caller, Opened
from service.rest.events import MEDIA_TYPE, Events, event, stream
from service.rest.guard import guarded_router
from service.wiring import Resources

router = guarded_router("jobs")

JobId = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
_EVENTS: Final = {
    "description": "Events: `progress` with the job whenever it has changed; `done` or `failed`"
    " with the job at its end; or `error` with a problem.",
    "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
}


class JobList(BaseModel, frozen=True):
    """Jobs of one project, the newest first."""

    jobs: list[JobInfo]


@router.post("/v1/projects/{project_id}/index", status_code=202)
async def start_indexing(
    project_id: ProjectId, caller: Caller, opened: Opened, response: Response
) -> JobInfo:
    """Queue the indexing of a project; one that waits already is given back instead."""
    await opened.records.access.require(caller, project_id)
    job = await opened.jobs.start(project_id, created_by=caller.id)
    response.headers["Location"] = f"/v1/jobs/{job.job_id}"
    return job


@router.get("/v1/projects/{project_id}/jobs")
async def list_jobs(
    project_id: ProjectId,
    caller: Caller,
    opened: Opened,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> JobList:
    """List a project's jobs, the newest first."""
    await opened.records.access.require(caller, project_id)
    return JobList(jobs=await opened.jobs.latest(project_id, limit=limit))


@router.get("/v1/jobs/{job_id}")
async def get_job(job_id: JobId, caller: Caller, opened: Opened) -> JobInfo:
    """Return one job, with what was done so far."""
    return await _visible_job(job_id, caller, opened)


@router.get("/v1/jobs/{job_id}/events", response_class=Response, responses={200: _EVENTS})
async def follow_job(request: Request, job_id: JobId, caller: Caller, opened: Opened) -> Response:
    """Follow one job until it ends."""
    await _visible_job(job_id, caller, opened)
    return await stream(request, _events(opened.jobs, job_id))


async def _visible_job(job_id: str, caller: Principal, opened: Resources) -> JobInfo:
    """Return a job of a project that the caller sees; of any other nothing is told."""
    job = await opened.jobs.find(job_id)
    if not await opened.records.access.sees(caller, job.project_id):
        raise JobUnknown(job_id)
    return job


async def _events(jobs: Jobs, job_id: str) -> Events:
    async with aclosing(jobs.watch(job_id)) as changes:
        async for job in changes:
            yield event(job.status if job.has_ended else "progress", job)
