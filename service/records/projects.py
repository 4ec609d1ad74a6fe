"""The projects that this installation knows."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from rag.ports import KnownProject
from service.problems import ProjectBusy, ProjectExists
from service.records.database import Database
from service.records.models import JobRow, ProjectRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRecord:
    """A project and where its files are; `location` is the folder's absolute path."""

    project_id: str
    title: str
    kind: Literal["folder"] = "folder"
    location: str
    created_by: str
    created_at: datetime

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.location)


@dataclass(frozen=True, slots=True)
class ProjectRecords:
    """Reads and writes the table of projects."""

    database: Database

    async def add(self, project: ProjectRecord) -> None:
        """Insert a project; the same id with the same location only changes the title.

        Raises:
            ProjectExists: the id is taken by a project elsewhere.
        """
        try:
            await self._add(project)
        except IntegrityError:  # PostgreSQL: someone else added it meanwhile, so now it is there
            await self._add(project)

    async def _add(self, project: ProjectRecord) -> None:
        async with self.database.write() as session:
            row = await session.get(ProjectRow, project.project_id)
            if row is None:
                session.add(_row(project))
            elif (row.kind, row.location) == (project.kind, project.location):
                row.title = project.title
            else:
                raise ProjectExists(project.project_id)

    async def find(self, project_id: str) -> ProjectRecord | None:
        """Return one project, or None."""
        async with self.database.read() as session:
            row = await session.get(ProjectRow, project_id)
        return None if row is None else _record(row)

    async def find_by_location(self, location: str) -> ProjectRecord | None:
        """Return the project of a folder, or None; of several, the one that was added first."""
        async with self.database.read() as session:
            rows = await session.scalars(
                select(ProjectRow)
                .where(ProjectRow.location == location)
                .order_by(ProjectRow.created_at)
                .limit(1)
            )
            row = rows.first()
        return None if row is None else _record(row)

    async def list_known(self) -> list[KnownProject]:
        """Return all projects, ordered by title."""
        async with self.database.read() as session:
            rows = await session.scalars(select(ProjectRow).order_by(ProjectRow.title))
            return [KnownProject(row.id, row.title, row.indexed_at) for row in rows]

    async def mark_indexed(self, project_id: str, at: datetime) -> None:
        """Remember when the last indexing finished."""
        async with self.database.write() as session:
            await session.execute(
                update(ProjectRow).where(ProjectRow.id == project_id).values(indexed_at=at)
            )

    async def remove(self, project_id: str) -> None:
        """Forget a project, its files' records and its jobs; unknown ids are fine.

        Raises:
            ProjectBusy: one of its jobs runs.
        """
        async with self.database.write() as session:
            # Whoever is just adding a job, or beginning one, is waited for.
            await session.execute(
                select(ProjectRow.id).where(ProjectRow.id == project_id).with_for_update()
            )
            jobs = select(JobRow).where(JobRow.project_id == project_id).with_for_update()
            if any(job.status == "running" for job in await session.scalars(jobs)):
                raise ProjectBusy(project_id)
            await session.execute(delete(ProjectRow).where(ProjectRow.id == project_id))


def _row(project: ProjectRecord) -> ProjectRow:
    return ProjectRow(
        id=project.project_id,
        title=project.title,
        kind=project.kind,
        location=project.location,
        created_by=project.created_by,
        created_at=project.created_at,
        indexed_at=None,
    )


def _record(row: ProjectRow) -> ProjectRecord:
    return ProjectRecord(
        project_id=row.id,
        title=row.title,
        location=row.location,
        created_by=row.created_by,
        created_at=row.created_at,
    )
