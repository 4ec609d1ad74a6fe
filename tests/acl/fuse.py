"""Writes of a sync that can be counted, and stopped for good before one of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rag.ports import FileRecord
from rag.store.port import (
    ANY,
    AccessFilter,
    HybridQuery,
    PassageFilter,
    Point,
    Ranked,
    StoredPoint,
    StoredVectors,
    VectorQuery,
    VectorStore,
)
from service.records.files import DatabaseIndexRecords
from service.records.projects import ProjectRecord, ProjectRecords


@dataclass
class Fuse:
    """Lets a number of writes through; what would write then waits until it is cancelled."""

    left: float = float("inf")
    blown: asyncio.Event = field(default_factory=asyncio.Event)

    def set_to(self, writes: float) -> None:
        self.left = writes
        self.blown.clear()

    async def write(self) -> None:
        if self.left < 1:
            self.blown.set()
            await asyncio.Event().wait()
        self.left -= 1


@dataclass(frozen=True, slots=True)
class FusedStore:
    """Implements `rag.store.port.VectorStore` over another one."""

    store: VectorStore
    fuse: Fuse

    async def upsert(self, points: Sequence[Point]) -> None:
        await self.fuse.write()
        await self.store.upsert(points)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        await self.fuse.write()
        await self.store.delete_file(project_id, file_id, except_version=except_version)

    async def delete_project(self, project_id: str) -> None:
        await self.fuse.write()
        await self.store.delete_project(project_id)

    async def search(
        self, queries: Sequence[VectorQuery], *, access: AccessFilter, only: PassageFilter = ANY
    ) -> list[dict[str, float]]:
        return await self.store.search(queries, access=access, only=only)

    async def rank(
        self, query: HybridQuery, *, access: AccessFilter, only: PassageFilter = ANY
    ) -> Ranked:
        return await self.store.rank(query, access=access, only=only)

    async def fetch(self, ids: Sequence[str], *, access: AccessFilter) -> list[StoredPoint]:
        return await self.store.fetch(ids, access=access)

    async def file_points(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> list[StoredPoint]:
        return await self.store.file_points(project_id, file_id, access=access)

    async def file_vectors(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        return await self.store.file_vectors(project_id, file_id, access=access)

    async def vectors(
        self, ids: Sequence[str], *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        return await self.store.vectors(ids, access=access)

    async def count(self, *, access: AccessFilter) -> int:
        return await self.store.count(access=access)

    async def flush(self) -> None:
        await self.fuse.write()
        await self.store.flush()

    async def close(self) -> None:
        await self.store.close()


@dataclass(frozen=True, slots=True)
class FusedFiles(DatabaseIndexRecords):
    """The records of files."""

    fuse: Fuse

    async def save(self, project_id: str, *records: FileRecord) -> None:
        await self.fuse.write()
        await DatabaseIndexRecords.save(self, project_id, *records)

    async def drop(self, project_id: str, *file_ids: str) -> None:
        await self.fuse.write()
        await DatabaseIndexRecords.drop(self, project_id, *file_ids)


@dataclass(frozen=True, slots=True)
class FusedProjects(ProjectRecords):
    """The records of projects."""

    fuse: Fuse

    async def put_node(self, project: ProjectRecord) -> ProjectRecord | None:
        await self.fuse.write()
        return await ProjectRecords.put_node(self, project)

    async def mark_indexed(self, project_id: str, at: datetime) -> None:
        await self.fuse.write()
        await ProjectRecords.mark_indexed(self, project_id, at)

    async def mark_listed(
        self, project_id: str, *, log_mark: str | None, listed_at: datetime | None
    ) -> None:
        await self.fuse.write()
        await ProjectRecords.mark_listed(self, project_id, log_mark=log_mark, listed_at=listed_at)

    async def mark_gone(self, project_id: str) -> None:
        await self.fuse.write()
        await ProjectRecords.mark_gone(self, project_id)

    async def remove(self, project_id: str) -> None:
        await self.fuse.write()
        await ProjectRecords.remove(self, project_id)
