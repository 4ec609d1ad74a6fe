"""Make the index equal to its project, file by file; a run may be killed anywhere and run again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from connectors.ports import ProjectSource, SourceFile
from contracts.problems import Problem
from rag.access import whole_project
from rag.ingest import CutFile, FailedFile, Ingest
from rag.models import FileFailure, IndexReport
from rag.parsing.problems import ParseFailed
from rag.ports import Embedder, FileRecord, IndexRecords, Parser
from rag.store.port import Point, VectorStore
from rag.sync import INTERRUPTED, plan_sync

_UPSERT_BATCH: Final = 256

ReportIndexing = Callable[[IndexReport], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """Keeps the passages of projects in `store`, and in `records` what they were made from.

    Before a file's passages are touched, its record says `indexing_interrupted`; the true record
    is written once the passages are safe on disk. So a run that dies leaves each file either as it
    was or marked, and the next run makes it anew, under the same passage ids.

    One run at a time for a project: that is for the caller to see to.
    """

    store: VectorStore
    embedder: Embedder
    parser: Parser
    records: IndexRecords

    async def index(
        self,
        source: ProjectSource,
        report: ReportIndexing | None = None,
        *,
        retry_failed: bool = False,
    ) -> IndexReport:
        """Bring the index of one project up to date; return what was done.

        A file that cannot be fetched, parsed or embedded is recorded with its reason, loses its
        old passages, and the rest goes on. A store that does not hold what the records say (it was
        deleted, or used with another model meanwhile) is filled anew.

        Raises:
            Problem: the source, the embedding model or the store as a whole does not work.
        """
        progress = _Progress(source.project_id, report)
        await self._update(source, progress, retry_failed=retry_failed)
        if not await self._agrees(source.project_id):
            await self._forget(source.project_id)
            progress = _Progress(source.project_id, report)
            await self._update(source, progress, retry_failed=retry_failed)
        await progress.tell(stage="done", current=None)
        return progress.report

    async def _update(
        self, source: ProjectSource, progress: "_Progress", *, retry_failed: bool
    ) -> None:
        await progress.tell()
        ingest = Ingest(parser=self.parser, embedder=self.embedder)
        files = (await source.list_files()).files
        known = await self.records.load(source.project_id)
        plan = plan_sync(files, known, fingerprint=ingest.fingerprint, retry_failed=retry_failed)
        todo = [file for file in files if file.file_id in plan.write]
        await progress.tell(
            stage="indexing", seen=len(files), todo=len(todo), unchanged=len(files) - len(todo)
        )
        for file_id in sorted(plan.drop):
            await self._drop(source.project_id, known[file_id])
            await progress.tell(removed=progress.report.removed + 1)
        writer = _Writer(self.store, self.records, ingest, source.project_id, known)
        async with aclosing(_one_ahead(todo, source, ingest)) as cuts:
            async for cut in cuts:
                await progress.tell(current=cut.file.path)
                outcome = await writer.write(cut)
                await progress.file_done(outcome)

    async def _drop(self, project_id: str, record: FileRecord) -> None:
        """Remove a file that is gone: marked first, for it may come back before a next run."""
        await self.records.save(project_id, _interrupted(record.file_id, record.path, ""))
        await self.store.delete_file(project_id, record.file_id)
        await self.store.flush()
        await self.records.drop(project_id, record.file_id)

    async def _agrees(self, project_id: str) -> bool:
        """Tell whether the store holds as many passages as the records say."""
        held = await self.store.count(access=whole_project(project_id))
        return held == (await self.records.totals(project_id)).passages

    async def _forget(self, project_id: str) -> None:
        await self.store.delete_project(project_id)
        for file_id in await self.records.load(project_id):
            await self.records.drop(project_id, file_id)


class _Progress:
    """The report of a run as it grows."""

    def __init__(self, project_id: str, report: ReportIndexing | None) -> None:
        self.report = IndexReport(project_id=project_id, stage="listing")
        self._listener = report

    async def tell(self, **news: Any) -> None:  # noqa: ANN401 - fields of IndexReport
        self.report = self.report.model_copy(update=news)
        if self._listener is not None:
            await self._listener(self.report)

    async def file_done(self, record: FileRecord) -> None:
        failures = self.report.failures
        if record.status == "failed":
            code, message = record.failure_code or "", record.failure_message or ""
            failures = [*failures, FileFailure(path=record.path, code=code, message=message)]
        await self.tell(
            done=self.report.done + 1,
            passages=self.report.passages + record.passages,
            failures=failures,
        )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Replaces one file's passages by its new ones, or by none."""

    store: VectorStore
    records: IndexRecords
    ingest: Ingest
    project_id: str
    known: Mapping[str, FileRecord]

    async def write(self, cut: CutFile | FailedFile) -> FileRecord:
        made: list[Point] | FailedFile = (
            cut if isinstance(cut, FailedFile) else await self.ingest.points(self.project_id, cut)
        )
        points = [] if isinstance(made, FailedFile) else made
        file = cut.file
        await self.records.save(
            self.project_id, _interrupted(file.file_id, file.path, file.version)
        )
        await self._replace(file, points)
        await self.store.flush()
        record = self._record(file, len(points), made)
        await self.records.save(self.project_id, record)
        return record

    async def _replace(self, file: SourceFile, points: Sequence[Point]) -> None:
        """Put the new version beside the old one before that goes: a search always finds one.

        The same version cut anew has the same ids, maybe fewer: then the old passages go first.
        """
        known = self.known.get(file.file_id)
        if known is not None and known.version == file.version:
            await self.store.delete_file(self.project_id, file.file_id)
        for start in range(0, len(points), _UPSERT_BATCH):
            await self.store.upsert(points[start : start + _UPSERT_BATCH])
        kept = file.version if points else None
        await self.store.delete_file(self.project_id, file.file_id, except_version=kept)

    def _record(
        self, file: SourceFile, passages: int, made: Sequence[Point] | FailedFile
    ) -> FileRecord:
        problem = made.problem if isinstance(made, FailedFile) else None
        return FileRecord(
            file_id=file.file_id,
            path=file.path,
            version=file.version,
            fingerprint=self.ingest.fingerprint,
            status="indexed" if problem is None else "failed",
            passages=passages,
            indexed_at=datetime.now(UTC),
            failure_code=None if problem is None else _code(problem),
            failure_message=None if problem is None else problem.message,
        )


async def _one_ahead(
    files: Sequence[SourceFile], source: ProjectSource, ingest: Ingest
) -> AsyncGenerator[CutFile | FailedFile]:
    """Yield each file cut into passages; the next one is read while this one is embedded."""
    if not files:
        return
    pending = asyncio.create_task(ingest.cut(source, files[0]))
    try:
        for following in files[1:]:
            cut = await pending
            pending = asyncio.create_task(ingest.cut(source, following))
            yield cut
        yield await pending
    finally:
        pending.cancel()
        await asyncio.gather(pending, return_exceptions=True)


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
