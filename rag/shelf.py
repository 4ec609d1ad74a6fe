"""One project's passages and records, changed so that no kill loses any."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connectors.ports import SourceFile
from contracts.problems import Problem
from rag.access import whole_project
from rag.ingest import FailedFile, points_of
from rag.parsing.problems import ParseFailed
from rag.passages import stored_passage
from rag.portions import Portion, WrittenFile
from rag.ports import FileRecord, IndexRecords
from rag.store.port import Point, VectorStore
from rag.sync import INTERRUPTED

_UPSERT_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every change marks its files' records, then passages, flush, and the true records."""

    store: VectorStore
    records: IndexRecords
    project_id: str
    fingerprint: str
    known: Mapping[str, FileRecord]
    """The records as they were before the run."""

    async def put(self, portion: Portion) -> list[FileRecord]:
        """Put passages in; return the new records of the files that have ended with them.

        A new version comes beside the old one before that goes: a search always finds one. The
        same version cut anew has the same ids, maybe fewer: then the old passages go first.
        """
        await self._mark(portion.begun)
        for file in portion.begun:
            if self._has(file) and self.known[file.file_id].version == file.version:
                await self.store.delete_file(self.project_id, file.file_id)
        await self._write(portion.points)
        return await self._end(portion.ended)

    async def move(self, moves: Sequence[tuple[SourceFile, str]]) -> None:
        """Put the passages of whole files, each by its id, under the file named with it.

        Both have the same content. Nothing is read or embedded; those of the origin stay for
        `drop`. A record says as many passages as that of the origin: where they are not there, the
        counts of store and records differ.
        """
        points = [point for move in moves for point in await self._relabelled(*move)]
        await self._mark([file for file, _ in moves])
        await self._write(points)
        await self._end([WrittenFile(file, self.known[origin].passages) for file, origin in moves])

    async def drop(self, file_ids: Sequence[str]) -> None:
        """Remove files that are gone: marked first, for one may come back before a next run."""
        marks = [_interrupted(file_id, self.known[file_id].path, "") for file_id in file_ids]
        await self.records.save(self.project_id, *marks)
        for file_id in file_ids:
            await self.store.delete_file(self.project_id, file_id)
        await self.store.flush()
        await self.records.drop(self.project_id, *file_ids)

    async def _relabelled(self, file: SourceFile, origin: str) -> list[Point]:
        access = whole_project(self.project_id)
        stored = await self.store.file_points(self.project_id, origin, access=access)
        vectors = await self.store.file_vectors(self.project_id, origin, access=access)
        passages = [stored_passage(point.payload) for point in stored]
        return await asyncio.to_thread(
            points_of,
            [passage.relabelled(file) for passage in passages],
            [vectors.get(passage.id) for passage in passages],
        )

    async def _mark(self, files: Sequence[SourceFile]) -> None:
        if files:
            marks = [_interrupted(file.file_id, file.path, file.version) for file in files]
            await self.records.save(self.project_id, *marks)

    async def _write(self, points: Sequence[Point]) -> None:
        for start in range(0, len(points), _UPSERT_BATCH):
            await self.store.upsert(points[start : start + _UPSERT_BATCH])

    async def _end(self, files: Sequence[WrittenFile | FailedFile]) -> list[FileRecord]:
        """Remove what is outdated, and write the records once all would survive a power cut."""
        if not files:
            return []
        for each in files:
            await self._remove_outdated(each)
        await self.store.flush()
        records = [self._record(each) for each in files]
        await self.records.save(self.project_id, *records)
        return records

    async def _remove_outdated(self, ended: WrittenFile | FailedFile) -> None:
        """A file without a record had no passages: it takes none to look for any."""
        file_id, version = ended.file.file_id, ended.file.version
        if isinstance(ended, FailedFile):
            await self.store.delete_file(self.project_id, file_id)
        elif self._has(ended.file):
            kept = version if ended.passages else None
            await self.store.delete_file(self.project_id, file_id, except_version=kept)

    def _has(self, file: SourceFile) -> bool:
        return file.file_id in self.known

    def _record(self, ended: WrittenFile | FailedFile) -> FileRecord:
        file = ended.file
        failure = ended.problem if isinstance(ended, FailedFile) else None
        return FileRecord(
            file_id=file.file_id,
            path=file.path,
            version=file.version,
            fingerprint=self.fingerprint,
            status="indexed" if failure is None else "failed",
            passages=ended.passages if isinstance(ended, WrittenFile) else 0,
            indexed_at=datetime.now(UTC),
            failure_code=None if failure is None else _code(failure),
            failure_message=None if failure is None else failure.message,
            link=file.link,
            source_version=file.source_version,
            tags=file.tags,
            modified=file.modified,
        )


def _interrupted(file_id: str, path: str, version: str) -> FileRecord:
    return FileRecord(
        file_id=file_id,
        path=path,
        version=version,
        fingerprint="",
        status="failed",
        passages=0,
        indexed_at=datetime.now(UTC),
        failure_code=INTERRUPTED,
        failure_message="Indexing was stopped while it was at this file; the next run repeats it.",
    )


def _code(problem: Problem) -> str:
    return problem.reason if isinstance(problem, ParseFailed) else problem.code
