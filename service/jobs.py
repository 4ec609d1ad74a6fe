"""Syncs of sources as jobs: begun, watched, cancelled, taken up again after a crash or a halt."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol
from uuid import uuid4

from agents.sources import JobInfo
from contracts.problems import Problem, ProblemBody, ServiceUnreachable
from rag.models import IndexReport
from rag.progress import ReportIndexing
from service.bug_trace import trace_of
from service.problems import JobFailed, JobUnknown
from service.records.jobs import JobRecords, Lease

_LOG = logging.getLogger(__name__)
_RENEW_EVERY_S: Final = 2.0
_LOOK_EVERY_S: Final = 1.0


class SyncOfSource(Protocol):
    """What a job does."""

    async def run(self, source_id: str, report: ReportIndexing) -> None:
        """Make the index equal to a source; cancelled, it stops where it is.

        Raises:
            Problem: the source as a whole does not work, or something that it needs.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Jobs:
    """One worker of this process; other processes on the same database have their own."""

    records: JobRecords
    syncs: SyncOfSource
    owner: str = field(default_factory=lambda: str(uuid4()))
    renew_every_s: float = _RENEW_EVERY_S
    look_every_s: float = _LOOK_EVERY_S
    """How soon news of other processes, and the end of their leases, are noticed."""
    _progress: dict[str, IndexReport] = field(default_factory=dict[str, IndexReport])
    _halted: set[str] = field(default_factory=set[str])
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def start(self, project_id: str, *, created_by: str) -> JobInfo:
        """Queue the sync of a source; it is safe on disk when this returns.

        Raises:
            ProjectUnknown: there is no such source.
        """
        job = await self.records.enqueue(project_id, created_by=created_by)
        await self._tell()
        return job

    async def find(self, job_id: str) -> JobInfo:
        """Return a job with its newest report.

        Raises:
            JobUnknown: there is none.
        """
        job = await self.look_up(job_id)
        if job is None:
            raise JobUnknown(job_id)
        return job

    async def look_up(self, job_id: str) -> JobInfo | None:
        """Return a job with its newest report, or None."""
        job = await self.records.find(job_id)
        return None if job is None else self._brought_up_to_date(job)

    async def cancel(self, job_id: str) -> JobInfo:
        """Stop a job, in whatever process it runs; what it has finished stays, and it soon ends.

        One that has ended stays as it ended.

        Raises:
            JobUnknown: there is none.
        """
        job = await self.records.cancel(job_id)
        if job is None:
            raise JobUnknown(job_id)
        await self._tell()
        return self._brought_up_to_date(job)

    async def latest(self, project_id: str, *, limit: int) -> list[JobInfo]:
        """Return a project's jobs, the newest first, each with its newest report."""
        jobs = await self.records.latest(project_id, limit=limit)
        return [self._brought_up_to_date(job) for job in jobs]

    async def watch(self, job_id: str) -> AsyncGenerator[JobInfo]:
        """Yield the job now and whenever it has changed; the last one has ended.

        Raises:
            JobUnknown: there is none.
        """
        shown: JobInfo | None = None
        while shown is None or not shown.has_ended:
            job = await self.find(job_id)
            if job != shown:
                yield job
                shown = job
            else:
                await self._wait_for_news()

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """Work on queued jobs, of crashed processes too, until the block ends."""
        worker = asyncio.create_task(self._work())
        try:
            yield
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    async def run(self, job_id: str) -> None:
        """Work on the job's project here until the job has ended, for a command that waits for it.

        What a killed process left of the project goes first: it may not run beside this job.
        """
        while not (job := await self.find(job_id)).has_ended:
            begun = await self.records.claim(self.owner, project_id=job.project_id)
            if begun is None:
                await asyncio.sleep(self.look_every_s)
            else:
                await self._run(begun)

    def _brought_up_to_date(self, job: JobInfo) -> JobInfo:
        report = self._progress.get(job.job_id)
        return job if report is None or job.has_ended else job.model_copy(update={"report": report})

    async def _work(self) -> None:
        """Work until cancelled; a job that was cut off while the database was away begins again."""
        while True:
            try:
                job = await self.records.claim(self.owner)
                if job is None:
                    await self._wait_for_news()
                else:
                    await self._run(job)
            except Exception as error:  # noqa: BLE001 - a worker that is gone would be missed late
                _LOG.error("the worker was cut off and goes on: %s", trace_of(error))
                await asyncio.sleep(self.look_every_s)

    async def _run(self, job: JobInfo) -> None:
        """Sync the job's source under its lease; a lost lease or a stop leaves it to the next."""
        syncing = asyncio.create_task(self._sync(job))
        lease = asyncio.create_task(self._hold_lease(job))
        try:
            await asyncio.wait({syncing, lease}, return_when=asyncio.FIRST_COMPLETED)
            if syncing.done():
                await self._finish(job, await syncing)
            elif await lease == "cancelled":  # if it could not be held, why rises here
                await _ended(syncing)
                await self._finish(job, None, cancelled=True)
        except _Halted:
            await self._release(job)
        except asyncio.CancelledError:
            await _ended(syncing)
            await self._release(job)
            raise
        finally:
            await _ended(lease)
            await _ended(syncing)
            self._progress.pop(job.job_id, None)
            self._halted.discard(job.job_id)
            await self._tell()

    async def _finish(
        self, job: JobInfo, error: ProblemBody | None, *, cancelled: bool = False
    ) -> None:
        report = self._progress.get(job.job_id)
        await self.records.finish(
            job.job_id, self.owner, report=report, error=error, cancelled=cancelled
        )

    async def _release(self, job: JobInfo) -> None:
        try:
            await self.records.release(job.job_id, self.owner)
        except ServiceUnreachable as error:  # then the end of its lease releases the job
            _LOG.error("job %s was not released: %s", job.job_id, trace_of(error))

    async def _sync(self, job: JobInfo) -> ProblemBody | None:
        """Return None when the index equals the source, else why it does not.

        Raises:
            _Halted: it was stopped between two files, to be begun again.
        """
        try:
            await self.syncs.run(job.project_id, self._reporter(job.job_id))
        except Problem as problem:
            return problem.body()
        except _Halted:
            raise
        except Exception as error:  # noqa: BLE001 - a bug must end this job visibly, not the worker
            _LOG.error("a sync failed unexpectedly, job %s: %s", job.job_id, trace_of(error))
            return JobFailed().body()
        return None

    def _reporter(self, job_id: str) -> ReportIndexing:
        async def report(news: IndexReport) -> None:
            """Pass the news on. They come between two files, where a sync can well be stopped."""
            self._progress[job_id] = news
            await self._tell()
            if job_id in self._halted:
                raise _Halted

        return report

    async def _hold_lease(self, job: JobInfo) -> Lease:
        """Return when the lease is another's, or the job was cancelled."""
        while True:
            try:
                report = self._progress.get(job.job_id)
                lease = await self.records.renew(job.job_id, self.owner, report)
            except ServiceUnreachable as error:  # it may be back before the lease ends
                _LOG.error("job %s: lease not renewed: %s", job.job_id, trace_of(error))
                lease = "held"
            if lease == "lost":
                _LOG.warning("lost the lease of job %s; leaving it to its new owner", job.job_id)
            if lease == "halted":
                self._halted.add(job.job_id)
            elif lease != "held":
                return lease
            await asyncio.sleep(self.renew_every_s)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _wait_for_news(self) -> None:
        """Wait until something happened here, or long enough for news of other processes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.look_every_s), self._news:
                await self._news.wait()


class _Halted(Exception):
    """A sync makes way while another collection begins to answer."""


async def _ended(task: asyncio.Task[object]) -> None:
    """Cancel a task and wait until it is over."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
