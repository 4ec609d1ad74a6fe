"""Jobs in the database: queued, claimed under a lease, finished; none is lost by a kill."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, get_args
from uuid import uuid4

from pydantic import BaseModel, Field
from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from contracts.problems import ProblemBody
from rag.models import IndexReport
from rag.problems import ProjectUnknown
from service.records.database import Database
from service.records.models import JobRow, ProjectRow

JobStatus = Literal["queued", "running", "done", "failed"]
ENDED: Final = frozenset({"done", "failed"})
LEASE: Final = timedelta(seconds=30)


class JobInfo(BaseModel, frozen=True):
    """An indexing job, also while it runs."""

    job_id: str
    project_id: str
    status: JobStatus = Field(
        description="queued: waits for its turn, or to be taken up again; running; done: the index"
        " equals the project, but for the files in `report.failures`; failed: see `error`."
    )
    report: IndexReport | None = Field(default=None, description="What was done so far.")
    error: ProblemBody | None = Field(default=None, description="Why the job as a whole failed.")
    attempt: int = Field(description="How often it was begun; over 1 after a crash or a restart.")
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing will change any more."""
        return self.status in ENDED


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
            # Those who ask at the same time wait here for each other, and find the same job.
            project = select(ProjectRow.id).where(ProjectRow.id == project_id).with_for_update()
            if await session.scalar(project) is None:
                raise ProjectUnknown(project_id)
            waiting = select(JobRow).where(
                JobRow.project_id == project_id, JobRow.status == "queued"
            )
            row = (await session.scalars(waiting.limit(1))).first()
            if row is None:
                row = JobRow(
                    id=str(uuid4()),
                    project_id=project_id,
                    kind="index",
                    status="queued",
                    created_by=created_by,
                    attempt=0,
                    created_at=datetime.now(UTC),
                )
                session.add(row)
            return _info(row)

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
        its worker died, may begin again.
        """
        now = datetime.now(UTC)
        wanted = _claimable(now)
        if project_id is not None:
            wanted = wanted.where(JobRow.project_id == project_id)
        try:
            async with self.database.write() as session:
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

    async def renew(self, job_id: str, owner: str, report: IndexReport | None) -> bool:
        """Prolong the lease and keep the report; False where the lease is another's by now."""
        return await self._write_as(
            job_id,
            owner,
            report=None if report is None else report.model_dump(mode="json"),
            lease_until=datetime.now(UTC) + LEASE,
        )

    async def finish(
        self, job_id: str, owner: str, *, report: IndexReport | None, error: ProblemBody | None
    ) -> bool:
        """End the job: done, or failed with `error`; False where the lease is another's by now."""
        return await self._write_as(
            job_id,
            owner,
            status="done" if error is None else "failed",
            report=None if report is None else report.model_dump(mode="json"),
            error=None if error is None else error.model_dump(mode="json"),
            finished_at=datetime.now(UTC),
            lease_owner=None,
            lease_until=None,
        )

    async def release(self, job_id: str, owner: str) -> bool:
        """Put a job back into the queue, for a worker that is being stopped."""
        return await self._write_as(
            job_id, owner, status="queued", lease_owner=None, lease_until=None
        )

    async def release_all(self) -> None:
        """Put every running job back: for the one process that may index here, at its start."""
        async with self.database.write() as session:
            await session.execute(
                update(JobRow)
                .where(JobRow.status == "running")
                .values(status="queued", lease_owner=None, lease_until=None)
            )

    async def _write_as(self, job_id: str, owner: str, **values: Any) -> bool:  # noqa: ANN401 - columns of JobRow
        async with self.database.write() as session:
            written = await session.scalars(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.lease_owner == owner)
                .values(**values)
                .returning(JobRow.id)
            )
            return written.first() is not None


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
    )


def _status(value: str) -> JobStatus:
    match value:
        case "queued" | "running" | "done" | "failed":
            return value
        case _:
            raise ValueError("a job's row has a status that this version does not know")
