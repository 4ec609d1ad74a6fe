"""Sources and their jobs, as far as a caller may see them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from agents.sources import JobInfo, SourceInfo, SourceStatus
from contracts.principal import Principal
from contracts.problems import NotAllowed
from rag.library import summary_of
from rag.problems import ProjectUnknown
from service.access.recorded import RecordedAccess
from service.jobs import Jobs
from service.problems import JobUnknown
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecord, SourceRecords
from service.sources.indexing import Indexing
from service.sources.registry import Sources
from service.sources.sync_plan import told_about


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleSources:
    """Implements `agents.sources.SourceKeeper`. Every method needs the scope `index`.

    What is not there and what the caller may not read look alike, and are looked for alike. A job
    covers all of a source's projects: who may not read one of them is not told what it did.
    """

    access: RecordedAccess
    projects: ProjectRecords
    schedules: SourceRecords
    indexing: Indexing
    jobs: Jobs
    sources: Sources

    async def sync(self, principal: Principal, source_id: str) -> JobInfo:
        """Queue a sync.

        Raises:
            NotAllowed: the key lacks the scope.
            ProjectUnknown: there is no such source that the caller may read.
        """
        await self._find(principal, source_id)
        job = await self.jobs.start(source_id, created_by=principal.id)
        return await self._shown(principal, job)

    async def list_all(self, principal: Principal) -> list[SourceInfo]:
        """Return the sources whose project the caller may read, by title."""
        _require_index(principal)
        readable = {each.project_id for each in await self.access.readable_projects(principal)}
        schedules = {each.project_id: each for each in await self.schedules.list_all()}
        return [
            _info(project, schedules[project.project_id])
            for project in await self.projects.list_records()
            if project.project_id in readable & schedules.keys()
        ]

    async def status(self, principal: Principal, source_id: str) -> SourceStatus:
        """Return a source's state.

        Raises:
            NotAllowed: the key lacks the scope.
            ProjectUnknown: there is no such source that the caller may read.
        """
        project, schedule = await self._find(principal, source_id)
        own = await self._own(principal, source_id)
        latest = await self.jobs.latest(source_id, limit=1)
        return SourceStatus(
            source=_info(project, schedule),
            projects=[await summary_of(each.known, self.indexing.records) for each in own],
            last_job=await self._shown(principal, latest[0]) if latest else None,
            requests_today=await self.sources.requests_today(source_id),
        )

    async def latest_jobs(
        self, principal: Principal, source_id: str, *, limit: int
    ) -> list[JobInfo]:
        """Return a source's jobs, the newest first.

        Raises:
            NotAllowed: the key lacks the scope.
            ProjectUnknown: there is no such project that the caller may read.
        """
        _require_index(principal)
        await self.access.require(principal, source_id)
        jobs = await self.jobs.latest(source_id, limit=limit)
        return [await self._shown(principal, job) for job in jobs]

    async def job(self, principal: Principal, job_id: str) -> JobInfo:
        """Return a job.

        Raises:
            NotAllowed: the key lacks the scope.
            JobUnknown: there is no such job of a source that the caller may read.
        """
        await self._require_job(principal, job_id)
        return await self._shown(principal, await self.jobs.find(job_id))

    async def follow(self, principal: Principal, job_id: str) -> AsyncGenerator[JobInfo]:
        """Yield a job now and whenever it has changed; the last one has ended.

        Raises:
            NotAllowed, JobUnknown: as `job`, also in between, when access is taken away.
        """
        await self._require_job(principal, job_id)
        async with aclosing(self.jobs.watch(job_id)) as changes:
            async for job in changes:
                yield await self._shown(principal, job)

    async def cancel(self, principal: Principal, job_id: str) -> JobInfo:
        """Ask a job to stop; one that has ended stays as it ended.

        Raises:
            NotAllowed, JobUnknown: as `job`.
        """
        await self._require_job(principal, job_id)
        return await self._shown(principal, await self.jobs.cancel(job_id))

    async def _find(
        self, principal: Principal, source_id: str
    ) -> tuple[ProjectRecord, SourceRecord]:
        _require_index(principal)
        seen = await self.access.sees(principal, source_id)
        project = await self.projects.find(source_id)
        schedule = await self.schedules.find(source_id)
        if not seen or project is None or schedule is None:
            raise ProjectUnknown(source_id)
        return project, schedule

    async def _require_job(self, principal: Principal, job_id: str) -> None:
        _require_index(principal)
        job = await self.jobs.look_up(job_id)
        if not await self.access.sees_behind(principal, None if job is None else job.project_id):
            raise JobUnknown(job_id)

    async def _own(self, principal: Principal, source_id: str) -> list[ProjectRecord]:
        """Return those of a source's projects that the caller may read."""
        projects = await self.projects.of_source(source_id)
        ids = [project.project_id for project in projects]
        readable = {each.project_id for each in await self.access.readable_projects(principal, ids)}
        return [project for project in projects if project.project_id in readable]

    async def _shown(self, principal: Principal, job: JobInfo) -> JobInfo:
        """Return a job, without its report where that may tell of what the caller may not read.

        Raises:
            JobUnknown: its source is not the caller's to read any more.
        """
        projects = await self.projects.of_source(job.project_id)
        readable = await self._own(principal, job.project_id)
        if not any(project.project_id == job.project_id for project in readable):
            raise JobUnknown(job.job_id)
        report = job.report if len(readable) == len(projects) else None
        if report is not None and any(project.kind == "rdm" for project in readable):
            report = told_about(report, {project.project_id for project in readable})
        return job.model_copy(update={"report": report})


def _require_index(principal: Principal) -> None:
    if "index" not in principal.scopes:
        raise NotAllowed("index")


def _info(project: ProjectRecord, schedule: SourceRecord) -> SourceInfo:
    return SourceInfo(
        source_id=project.project_id,
        title=project.title,
        kind=project.kind,
        location=project.location,
        link=project.link,
        sync_every_s=schedule.sync_every_s,
        next_sync_at=schedule.next_sync_at,
        gone=project.gone,
    )
