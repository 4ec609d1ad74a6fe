"""One project's passages and records, changed file by file so that no kill loses any."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connectors.ports import SourceFile
from contracts.problems import Problem
from rag.access import whole_project
from rag.ingest import points_of
from rag.parsing.problems import ParseFailed
from rag.passages import stored_passage
from rag.ports import FileRecord, IndexRecords
from rag.store.port import Point, VectorStore
from rag.sync import INTERRUPTED

_UPSERT_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every change marks the file's record, then passages, flush, and the true record."""

    store: VectorStore
    records: IndexRecords
    project_id: str
    fingerprint: str
    known: Mapping[str, FileRecord]
    """The records as they were before the run."""

    async def replace(self, file: SourceFile, points: Sequence[Point]) -> FileRecord:
        """Replace a file's passages by these; return its new record.

        The same version cut anew has the same ids, maybe fewer: then the old passages go first.
        """
        await self._mark(file.file_id, file.path, file.version)
        known = self.known.get(file.file_id)
        if known is not None and known.version == file.version:
            await self.store.delete_file(self.project_id, file.file_id)
        await self._put(file, points)
        return await self._save(file, passages=len(points))

    async def fail(self, file: SourceFile, problem: Problem) -> FileRecord:
        """Leave a file without passages; return its new record, which says why."""
        await self._mark(file.file_id, file.path, file.version)
        await self.store.delete_file(self.project_id, file.file_id)
        return await self._save(file, failure=problem)

    async def move(self, file: SourceFile, origin: str) -> FileRecord:
        """Put the passages of the file with the id `origin`, which is whole, under `file`.

        Both have the same content. Nothing is read or embedded; those of `origin` stay for `drop`.
        The record says as many passages as that of `origin`: where they are not there, the counts
        of store and records differ.
        """
        points = await self._relabelled(file, origin)
        await self._mark(file.file_id, file.path, file.version)
        await self._put(file, points)
        return await self._save(file, passages=self.known[origin].passages)

    async def drop(self, file_id: str) -> None:
        """Remove a file that is gone: marked first, for it may come back before a next run."""
        await self._mark(file_id, self.known[file_id].path, "")
        await self.store.delete_file(self.project_id, file_id)
        await self.store.flush()
        await self.records.drop(self.project_id, file_id)

    async def _relabelled(self, file: SourceFile, origin: str) -> list[Point]:
        access = whole_project(self.project_id)
        stored = await self.store.file_points(self.project_id, origin, access=access)
        dense = await self.store.file_vectors(self.project_id, origin, access=access)
        passages = [stored_passage(point.payload) for point in stored]
        return await asyncio.to_thread(
            points_of,
            [passage.relabelled(file) for passage in passages],
            [dense[passage.id] for passage in passages],
        )

    async def _put(self, file: SourceFile, points: Sequence[Point]) -> None:
        """Put the new version beside the old one before that goes: a search always finds one."""
        for start in range(0, len(points), _UPSERT_BATCH):
            await self.store.upsert(points[start : start + _UPSERT_BATCH])
        kept = file.version if points else None
        await self.store.delete_file(self.project_id, file.file_id, except_version=kept)

    async def _mark(self, file_id: str, path: str, version: str) -> None:
        record = FileRecord(
            file_id=file_id,
            path=path,
            version=version,
            fingerprint="",
            status="failed",
            passages=0,
            indexed_at=datetime.now(UTC),
            failure_code=INTERRUPTED,
            failure_message="Indexing was stopped while it was at this file; the next run repeats"
            " it.",
        )
        await self.records.save(self.project_id, record)

    async def _save(
        self, file: SourceFile, *, passages: int = 0, failure: Problem | None = None
    ) -> FileRecord:
        """Write the true record once the passages would survive a power cut."""
        await self.store.flush()
        record = FileRecord(
            file_id=file.file_id,
            path=file.path,
            version=file.version,
            fingerprint=self.fingerprint,
            status="indexed" if failure is None else "failed",
            passages=passages,
            indexed_at=datetime.now(UTC),
            failure_code=None if failure is None else _code(failure),
            failure_message=None if failure is None else failure.message,
            link=file.link,
            source_version=file.source_version,
        )
        await self.records.save(self.project_id, record)
        return record


def _code(problem: Problem) -> str:
    return problem.reason if isinstance(problem, ParseFailed) else problem.code
