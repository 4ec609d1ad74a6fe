"""What commands work with: a running service if there is one, else everything in this process."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from agents.desk import Desk
from agents.sources import JobInfo, SourceInfo
from contracts.problems import ServiceUnreachable
from service.access.recorded import LOCAL_OPERATOR
from service.running import RunningService, find_running
from service.settings import Settings
from service.sources.order import SourceOrder

if TYPE_CHECKING:
    from service.wiring import Resources


class SourceKeeper(Protocol):
    """Adds, lists and removes sources, and follows their jobs; the desk syncs them."""

    async def add_source(self, order: SourceOrder) -> str:
        """Make what the order names a source, if it is none, and return its id."""
        ...

    async def list_sources(self) -> list[SourceInfo]:
        """Return the sources, by title."""
        ...

    async def remove_source(self, source_id: str) -> None:
        """Forget a source and what was indexed of it; its files are left alone."""
        ...

    async def cancel_job(self, job_id: str) -> JobInfo:
        """Ask a job to stop; what it has indexed stays."""
        ...

    def watch_job(self, job_id: str) -> AsyncGenerator[JobInfo]:
        """Yield the job whenever it has changed; the last one has ended."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """`service_url` is None where all runs in this process."""

    desk: Desk
    keeper: SourceKeeper
    service_url: str | None


@dataclass(frozen=True, slots=True)
class LocalKeeper:
    """Implements `SourceKeeper` in this process, as the local operator."""

    resources: "Resources"

    async def add_source(self, order: SourceOrder) -> str:
        return (await self.resources.sources.add(LOCAL_OPERATOR, order)).project_id

    async def list_sources(self) -> list[SourceInfo]:
        return await self.resources.sources_seen.list_all(LOCAL_OPERATOR)

    async def remove_source(self, source_id: str) -> None:
        await self.resources.sources.remove(LOCAL_OPERATOR, source_id)

    async def cancel_job(self, job_id: str) -> JobInfo:
        return await self.resources.sources_seen.cancel(LOCAL_OPERATOR, job_id)

    async def watch_job(self, job_id: str) -> AsyncGenerator[JobInfo]:
        """Run the job and yield it as it goes; what stops the run is raised."""
        jobs = self.resources.jobs
        running = asyncio.create_task(jobs.run(job_id))
        try:
            async with aclosing(jobs.watch(job_id)) as changes:
                while (job := await _next(changes, running)) is not None:
                    yield job
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _next(changes: AsyncGenerator[JobInfo], running: asyncio.Task[None]) -> JobInfo | None:
    """Return the next change, None after the last; of a run that failed there would be none."""
    following = asyncio.ensure_future(anext(changes, None))
    try:
        await asyncio.wait({following, running}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
        return await following
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


@asynccontextmanager
async def open_session(settings: Settings) -> AsyncGenerator[Session]:
    """Talk to the service of `settings.url` or of the data folder; else open the store here.

    Raises:
        StoreLocked: another process has the store and no service of this data folder answers.
    """
    service = await running_service(settings)
    if service is None:
        from service.wiring import open_resources  # noqa: PLC0415 - seconds that a service saves

        async with open_resources(settings) as resources:
            keeper = LocalKeeper(resources)
            yield Session(desk=resources.desk, keeper=keeper, service_url=None)
    else:
        from service.remote_desk import open_remote_desk  # noqa: PLC0415 - as above

        async with open_remote_desk(service.url, service.token) as desk:
            yield Session(desk=desk, keeper=desk, service_url=service.url)


async def running_service(settings: Settings) -> RunningService | None:
    """Return the named service, or the one that this data folder's user runs, if it answers."""
    if settings.url is not None:
        return RunningService(url=str(settings.url), token=settings.api_key, pid=0)
    service = find_running(settings.data_folder)
    return service if service is not None and await _answers(service) else None


async def _answers(service: RunningService) -> bool:
    """Tell a service from a file that was left behind, its process number used again since."""
    from service.remote_desk import open_remote_desk  # noqa: PLC0415 - as above

    async with open_remote_desk(service.url, None) as desk:
        try:
            await desk.check_alive()
        except ServiceUnreachable:
            return False
    return True
