"""What operators added: kept equal to its origin, at once or by the clock."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from service.problems import ProjectBusy, ProjectExists
from service.records.database import Database
from service.records.jobs import queue_job
from service.records.links import source_subject
from service.records.models import JobRow, LinkedTokenRow, ProjectRow, SourceRow
from service.records.projects import ProjectRecord, project_row

SCHEDULE: Final = "schedule"
"""Who asked for a sync that nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """How a source is to be kept up to date; its project has the same id."""

    project_id: str
    sync_every_s: float | None = None
    """None: as often as the service's settings say."""
    next_sync_at: datetime | None = None
    with_registrations: bool = False


@dataclass(frozen=True, slots=True)
class SourceRecords:
    """Reads and writes the table of sources. Each method is one transaction."""

    database: Database

    async def add(
        self,
        project: ProjectRecord,
        *,
        sync_every_s: float | None = None,
        with_registrations: bool | None = None,
    ) -> None:
        """Insert a source with its project; of one that is there, change the title.

        And what else is not None. A node that came with another source becomes one of its own.

        Raises:
            ProjectExists: the id is taken by a project elsewhere.
            ProjectBusy: the source that the node came with is being synced.
        """
        once = partial(
            self._add, project, sync_every_s=sync_every_s, with_registrations=with_registrations
        )
        try:
            await once()
        except IntegrityError:  # PostgreSQL: someone else added it meanwhile, so now it is there
            await once()

    async def _add(
        self,
        project: ProjectRecord,
        *,
        sync_every_s: float | None,
        with_registrations: bool | None,
    ) -> None:
        async with self.database.write() as session:
            row = await _own_row(session, project)
            source = await session.get(SourceRow, row.id, with_for_update=True)
            if source is None:
                source = SourceRow(project_id=row.id, with_registrations=False)
                session.add(source)
            if with_registrations is not None:
                source.with_registrations = with_registrations
            if sync_every_s is not None:
                source.sync_every_s, source.next_sync_at = sync_every_s, None

    async def find(self, source_id: str) -> SourceRecord | None:
        """Return one source, or None."""
        async with self.database.read() as session:
            row = await session.get(SourceRow, source_id)
        return None if row is None else _record(row)

    async def list_all(self) -> list[SourceRecord]:
        """Return all sources, in the order of their ids."""
        async with self.database.read() as session:
            rows = await session.scalars(select(SourceRow).order_by(SourceRow.project_id))
            return [_record(row) for row in rows]

    async def schedule(
        self, source: SourceRecord, next_sync_at: datetime | None, *, sync_now: bool
    ) -> bool:
        """Set when a source is synced next, and with `sync_now` queue a sync, both or neither.

        False where another process was faster, or the source is gone.
        """
        async with self.database.write() as session:
            row = await session.get(SourceRow, source.project_id, with_for_update=True)
            if row is None or row.next_sync_at != source.next_sync_at:
                return False
            row.next_sync_at = next_sync_at
            if sync_now:
                await queue_job(session, source.project_id, created_by=SCHEDULE)
            return True

    async def retire(self, source_id: str) -> None:
        """Let no sync of a source begin any more: before what it has is forgotten, bit by bit.

        Added again, it is read anew, for what was listed of it counts no more.

        Raises:
            ProjectBusy: it is being synced.
        """
        async with self.database.write() as session:
            await _refuse_while_running(session, source_id)
            await session.execute(delete(SourceRow).where(SourceRow.project_id == source_id))
            await session.execute(
                update(ProjectRow)
                .where(ProjectRow.source_id == source_id)
                .values(log_mark=None, listed_at=None)
            )

    async def remove(self, source_id: str) -> None:
        """Forget a source, all that came with it, its jobs and its token; unknown ids are fine.

        Raises:
            ProjectBusy: it is being synced.
        """
        async with self.database.write() as session:
            await _refuse_while_running(session, source_id)
            await session.execute(
                delete(LinkedTokenRow).where(LinkedTokenRow.subject == source_subject(source_id))
            )
            await session.execute(delete(ProjectRow).where(ProjectRow.source_id == source_id))


async def _own_row(session: AsyncSession, project: ProjectRecord) -> ProjectRow:
    """Return the project's row, inserted where there is none, as that of a source."""
    row = await session.get(ProjectRow, project.project_id, with_for_update=True)
    if row is None:
        row = project_row(project)
        session.add(row)
        await session.flush()
        return row
    if (row.kind, row.location) != (project.kind, project.location):
        raise ProjectExists(project.project_id)
    if row.source_id != row.id:
        await _refuse_while_running(session, row.source_id)
    row.title, row.source_id = project.title, row.id
    return row


async def _refuse_while_running(session: AsyncSession, source_id: str) -> None:
    """Wait for whoever is just adding a job of the source, or beginning one; refuse if one runs.

    Raises:
        ProjectBusy: a job of the source runs.
    """
    await session.execute(select(ProjectRow.id).where(ProjectRow.id == source_id).with_for_update())
    jobs = select(JobRow).where(JobRow.project_id == source_id).with_for_update()
    if any(job.status == "running" for job in await session.scalars(jobs)):
        raise ProjectBusy(source_id)


def _record(row: SourceRow) -> SourceRecord:
    return SourceRecord(
        project_id=row.project_id,
        sync_every_s=row.sync_every_s,
        next_sync_at=row.next_sync_at,
        with_registrations=row.with_registrations,
    )
