"""Jobs in the database: queued, claimed under a lease, finished; none is lost by a kill."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import uuid4

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from agents.sources import ENDED, JobInfo, JobStatus
from contracts.problems import ProblemBody
from rag.models import IndexReport
from rag.problems import ProjectUnknown
from service.records.database import Database
from service.records.generations import syncs_shall_rest
from service.records.models import JobRow, ProjectRow

LEASE: Final = timedelta(seconds=30)

Lease = Literal["held", "halted", "cancelled", "lost"]
"""held: go on; halted: held, but to be put back into the queue after the file at hand; cancelled:
held, but somebody asked that the job stop; lost: it is another's."""


@dataclass(frozen=True, slots=True)
class JobRecords:
    """Each method is one transaction. `owner` names a worker; only the holder of a lease writes."""

    database: Database

    async def enqueue(self, project_id: str, *, created_by: str) -> JobInfo:
        """Return a job that has not begun yet: one that waits already, or a new one.

        Raises:
            ProjectUnknown: there is no such project.
        """
        async with self.database.write() as session:
            return _info(await queue_job(session, project_id, created_by=created_by))

    async def find(self, job_id: str) -> JobInfo | None:
        """Return one job, or None."""
        async with self.database.read() as session:
            row = await session.get(JobRow, job_id)
            return None if row is None else _info(row)

    async def latest(self, project_id: str, *, limit: int) -> list[JobInfo]:
        """Return a project's jobs, the newest first."""
        async with self.database.read() as session:
            rows = await session.scalars(
                select(JobRow)
                .where(JobRow.project_id == project_id)
                .order_by(JobRow.created_at.desc())
                .limit(limit)
            )
            return [_info(row) for row in rows]

    async def count_by_status(self) -> dict[str, int]:
        """Return how many jobs are in each status, also where there are none."""
        counted = select(JobRow.status, func.count().label("number")).group_by(JobRow.status)
        async with self.database.read() as session:
            found = {row.status: row.number for row in await session.execute(counted)}
        return {status: found.get(status, 0) for status in get_args(JobStatus)}

    async def claim(self, owner: str, *, project_id: str | None = None) -> JobInfo | None:
        """Begin the oldest job (of one project, if named) that may; None where there is none.

        A job may begin while no other one of its project runs. One whose lease ran out, because
        its worker died, may begin again. None begins while another collection begins to answer.
        """
        now = datetime.now(UTC)
        wanted = _claimable(now)
        if project_id is not None:
            wanted = wanted.where(JobRow.project_id == project_id)
        try:
            async with self.database.write() as session:
                if await syncs_shall_rest(session):
                    return None
                row = (await session.scalars(wanted.limit(1))).first()
                if row is None:
                    return None
                row.status = "running"
                row.attempt += 1
                row.started_at = now
                row.lease_owner = owner
                row.lease_until = now + LEASE
                await session.flush()
                return _info(row)
        except IntegrityError:  # another worker began a job of this project meanwhile
            return None

    async def renew(self, job_id: str, owner: str, report: IndexReport | None) -> Lease:
        """Prolong the lease and keep the report; tell whether to go on."""
        renewed = await self._write_as(
            job_id,
            owner,
            report=None if report is None else report.model_dump(mode="json"),
            lease_until=datetime.now(UTC) + LEASE,
        )
        if renewed is None:
            return "lost"
        if renewed.cancel_requested:
            return "cancelled"
        async with self.database.read() as session:
            return "halted" if await syncs_shall_rest(session) else "held"

    async def is_running(self, project_id: str) -> bool:
        """Tell whether some worker has a job of the project."""
        async with self.database.read() as session:
            return await has_running_job(session, project_id)

    async def cancel(self, job_id: str) -> JobInfo | None:
        """Ask a job to stop: one that waits ends at once, one that runs when its worker looks.

        What has ended stays as it ended; None where there is no such job.
        """
        async with self.database.write() as session:
            row = await session.get(JobRow, job_id, with_for_update=True)
            if row is None:
                return None
            if row.status not in ENDED:
                row.cancel_requested = True
            if row.status == "queued":
                row.status, row.finished_at = "cancelled", datetime.now(UTC)
            return _info(row)

    async def finish(
        self,
        job_id: str,
        owner: str,
        *,
        report: IndexReport | None,
        error: ProblemBody | None = None,
        cancelled: bool = False,
    ) -> bool:
        """End the job: done, failed with `error`, or `cancelled`.

        False where the lease is another's by now.
        """
        status: JobStatus = "cancelled" if cancelled else "done" if error is None else "failed"
        ended = await self._write_as(
            job_id,
            owner,
            status=status,
            report=None if report is None else report.model_dump(mode="json"),
            error=None if error is None else error.model_dump(mode="json"),
            finished_at=datetime.now(UTC),
            lease_owner=None,
            lease_until=None,
        )
        return ended is not None

    async def release(self, job_id: str, owner: str) -> bool:
        """Put a job back into the queue, for a worker that is being stopped."""
        released = await self._write_as(
            job_id, owner, status="queued", lease_owner=None, lease_until=None
        )
        return released is not None

    async def release_all(self) -> None:
        """Put every running job back: for the one process that may index here, at its start."""
        async with self.database.write() as session:
            await session.execute(
                update(JobRow)
                .where(JobRow.status == "running")
                .values(status="queued", lease_owner=None, lease_until=None)
            )

    async def _write_as(self, job_id: str, owner: str, **values: Any) -> JobRow | None:  # noqa: ANN401 - columns of JobRow
        async with self.database.write() as session:
            written = await session.scalars(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.lease_owner == owner)
                .values(**values)
                .returning(JobRow)
            )
            return written.first()


async def queue_job(session: AsyncSession, project_id: str, *, created_by: str) -> JobRow:
    """Return, within a transaction, a job that has not begun: one that waits, or a new one.

    Raises:
        ProjectUnknown: there is no such project.
    """
    # Those who ask at the same time wait here for each other, and find the same job.
    project = select(ProjectRow.id).where(ProjectRow.id == project_id).with_for_update()
    if await session.scalar(project) is None:
        raise ProjectUnknown(project_id)
    waiting = select(JobRow).where(
        JobRow.project_id == project_id,
        JobRow.status == "queued",
        JobRow.cancel_requested.is_(False),
    )
    row = (await session.scalars(waiting.limit(1))).first()
    if row is None:
        row = JobRow(
            id=str(uuid4()),
            project_id=project_id,
            kind="sync",
            status="queued",
            created_by=created_by,
            attempt=0,
            created_at=datetime.now(UTC),
            cancel_requested=False,
        )
        session.add(row)
    return row


async def has_running_job(session: AsyncSession, project_id: str) -> bool:
    """Tell, within a transaction, whether some worker has a job of the project."""
    running = select(JobRow.id).where(JobRow.project_id == project_id, JobRow.status == "running")
    return await session.scalar(running.limit(1)) is not None


def _claimable(now: datetime) -> Select[JobRow]:
    rival = aliased(JobRow)
    blocked = (
        select(rival.id)
        .where(
            rival.project_id == JobRow.project_id,
            rival.status == "running",
            rival.id != JobRow.id,
        )
        .exists()
    )
    abandoned = and_(JobRow.status == "running", JobRow.lease_until < now)
    return (
        select(JobRow)
        .where(or_(and_(JobRow.status == "queued", ~blocked), abandoned))
        .order_by(JobRow.created_at)
        .with_for_update(skip_locked=True)
    )


def _info(row: JobRow) -> JobInfo:
    return JobInfo(
        job_id=row.id,
        project_id=row.project_id,
        status=_status(row.status),
        report=None if row.report is None else IndexReport.model_validate(row.report),
        error=None if row.error is None else ProblemBody.model_validate(row.error),
        attempt=row.attempt,
        created_at=row.created_at,
        finished_at=row.finished_at,
        cancel_requested=row.cancel_requested,
    )


def _status(value: str) -> JobStatus:
    match value:
        case "queued" | "running" | "done" | "failed" | "cancelled":
            return value
        case _:
            raise ValueError("a job's row has a status that this version does not know")
