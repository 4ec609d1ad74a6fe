"""The projects that this installation knows: folders, mounts, nodes of GakuNin RDM."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, cast

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.rdm.settings import InstanceName
from rag.ports import KnownProject
from service.problems import ProjectExists
from service.records.database import Database
from service.records.jobs import has_running_job
from service.records.models import ProjectRow

ProjectKind = Literal["folder", "rdmfs", "rdm"]
MAX_TITLE: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRecord:
    """A project and where its files are.

    `location` is the absolute path of a folder or mount, or `rdm:abc12`.
    """

    project_id: str
    title: str
    kind: ProjectKind = "folder"
    location: str
    created_by: str
    created_at: datetime
    source_id: str = ""
    """The project that an operator added and that this one came with; its own id by default."""
    instance: InstanceName | None = None
    node: str | None = None
    parent_node: str | None = None
    """The node that this one is a component of, whether or not it is known here."""
    link: str | None = None
    """Its page, for people."""
    is_public: bool = False
    """Whether everybody could read it at the last sync."""
    is_registration: bool = False
    log_mark: str | None = None
    """Newest log when the files were last listed; None while the index may lack something."""
    listed_at: datetime | None = None
    indexed_at: datetime | None = None
    gone: bool = False
    """Its origin is no longer there, or no longer ours to read; nothing of it is indexed."""

    def __post_init__(self) -> None:
        """Make a project that came with no other one a source of its own."""
        if not self.source_id:
            object.__setattr__(self, "source_id", self.project_id)

    @property
    def path(self) -> Path:
        """The folder, or where the project is mounted."""
        return Path(self.location)

    @property
    def is_source(self) -> bool:
        """Tell whether an operator added it, rather than it having come with another one."""
        return self.source_id == self.project_id

    @property
    def known(self) -> KnownProject:
        """What of it a reader is told."""
        return KnownProject(self.project_id, self.title, self.indexed_at)


@dataclass(frozen=True, slots=True)
class ProjectRecords:
    """Reads and writes the table of projects."""

    database: Database

    async def put_node(self, project: ProjectRecord) -> ProjectRecord | None:
        """Insert a node, or bring what RDM says of it up to date; return it as it is known now.

        None, and nothing is done, where it is another's: a source of its own, or one that came with
        a source which is being synced just now.

        Raises:
            ProjectExists: the id is taken by a project that is no such node.
        """
        try:
            return await self._put_node(project)
        except IntegrityError:  # PostgreSQL: someone else added it meanwhile, so now it is there
            return await self._put_node(project)

    async def _put_node(self, project: ProjectRecord) -> ProjectRecord | None:
        async with self.database.write() as session:
            row = await session.get(ProjectRow, project.project_id, with_for_update=True)
            if row is None:
                session.add(project_row(project))
                return project
            if (row.instance, row.node) != (project.instance, project.node):
                raise ProjectExists(project.project_id)
            if row.source_id != project.source_id and await _is_kept(session, row):
                return None
            row.title, row.link, row.source_id = project.title, project.link, project.source_id
            row.parent_node, row.gone = project.parent_node, False
            row.is_public, row.is_registration = project.is_public, project.is_registration
            return _record(row)

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

    async def list_records(self) -> list[ProjectRecord]:
        """Return all projects, ordered by title."""
        async with self.database.read() as session:
            return await all_projects(session)

    async def of_source(self, source_id: str) -> list[ProjectRecord]:
        """Return a source's projects: itself and what came with it, in the order they came."""
        async with self.database.read() as session:
            rows = await session.scalars(
                select(ProjectRow)
                .where(ProjectRow.source_id == source_id)
                .order_by(ProjectRow.created_at, ProjectRow.id)
            )
            return [_record(row) for row in rows]

    async def mark_indexed(self, project_id: str, at: datetime) -> None:
        """Remember when the last indexing finished."""
        await self._update(project_id, indexed_at=at)

    async def mark_listed(
        self, project_id: str, *, log_mark: str | None, listed_at: datetime | None
    ) -> None:
        """Remember up to which log the index holds everything; None where it may not."""
        await self._update(project_id, log_mark=log_mark, listed_at=listed_at)

    async def mark_gone(self, project_id: str) -> None:
        """Remember that a source's origin is not there, or not ours to read."""
        await self._update(project_id, gone=True, log_mark=None, listed_at=None)

    async def remove(self, project_id: str) -> None:
        """Forget one project with its files' records and jobs; unknown ids are fine."""
        async with self.database.write() as session:
            await session.execute(delete(ProjectRow).where(ProjectRow.id == project_id))

    async def _update(self, project_id: str, **values: str | datetime | bool | None) -> None:
        async with self.database.write() as session:
            await session.execute(
                update(ProjectRow).where(ProjectRow.id == project_id).values(**values)
            )


async def all_projects(session: AsyncSession) -> list[ProjectRecord]:
    """Return all projects, ordered by title, within a transaction."""
    rows = await session.scalars(select(ProjectRow).order_by(ProjectRow.title))
    return [_record(row) for row in rows]


async def _is_kept(session: AsyncSession, row: ProjectRow) -> bool:
    """Tell whether a node may not pass to another source now."""
    return row.source_id == row.id or await has_running_job(session, row.source_id)


def project_row(project: ProjectRecord) -> ProjectRow:
    """Return the row of a project."""
    return ProjectRow(
        id=project.project_id,
        title=project.title,
        kind=project.kind,
        location=project.location,
        created_by=project.created_by,
        created_at=project.created_at,
        source_id=project.source_id,
        instance=project.instance,
        node=project.node,
        parent_node=project.parent_node,
        link=project.link,
        is_public=project.is_public,
        is_registration=project.is_registration,
        log_mark=project.log_mark,
        listed_at=project.listed_at,
        indexed_at=project.indexed_at,
        gone=project.gone,
    )


def _record(row: ProjectRow) -> ProjectRecord:
    return ProjectRecord(
        project_id=row.id,
        title=row.title,
        kind=cast("ProjectKind", row.kind),
        location=row.location,
        created_by=row.created_by,
        created_at=row.created_at,
        source_id=row.source_id,
        instance=cast("InstanceName | None", row.instance),
        node=row.node,
        parent_node=row.parent_node,
        link=row.link,
        is_public=row.is_public,
        is_registration=row.is_registration,
        log_mark=row.log_mark,
        listed_at=row.listed_at,
        indexed_at=row.indexed_at,
        gone=row.gone,
    )
