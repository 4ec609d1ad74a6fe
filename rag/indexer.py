"""Make the index equal to its project, file by file; a run may be killed anywhere and run again."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from connectors.ports import Listing, ProjectSource, SourceFile
from connectors.problems import SourceFileUnavailable
from rag.access import whole_project
from rag.ingest import CutFile, FailedFile, Ingest
from rag.models import IndexReport
from rag.ports import Embedder, IndexRecords, Parser
from rag.progress import Progress, ReportIndexing
from rag.shelf import Shelf
from rag.store.port import Point, VectorStore
from rag.sync import INTERRUPTED, SyncPlan, is_settled, plan_sync

_READ_AHEAD: Final = 4  # files: as many as RDM is asked for at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """Keeps the passages of projects in `store`, and in `records` what they were made from.

    Before a file's passages are touched, its record says `indexing_interrupted`; the true record
    is written once the passages are safe on disk. So a run that dies, or is cancelled, leaves each
    file either as it was or marked, and the next run makes it anew, under the same passage ids.

    One run at a time for a project: that is for the caller to see to.
    """

    store: VectorStore
    embedder: Embedder
    parser: Parser
    records: IndexRecords

    @property
    def fingerprint(self) -> str:
        """What the records of this indexer's files name; see `rag.sync.is_settled`."""
        return self._ingest.fingerprint

    async def is_settled(self, project_id: str) -> bool:
        """Tell whether the index needs nothing until a file changes at the source."""
        records = (await self.records.load(project_id)).values()
        settled = all(is_settled(record, fingerprint=self.fingerprint) for record in records)
        return settled and await self._agrees(project_id)

    async def index(
        self,
        source: ProjectSource,
        report: ReportIndexing | None = None,
        *,
        retry_failed: bool = False,
    ) -> IndexReport:
        """Bring the index of one project up to date; return what was done.

        A file that cannot be fetched, parsed or embedded is recorded with its reason, loses its
        old passages, and the rest goes on. What the source cannot hand out for now, a file or a
        part of the project, keeps its last state and is reported as stale. A store that does not
        hold what the records say (it was deleted, or used with another model meanwhile) is filled
        anew.

        Raises:
            Problem: the source, the embedding model or the store as a whole does not work.
        """
        progress = Progress(source.project_id, report)
        await self._update(source, progress, retry_failed=retry_failed)
        if not await self._agrees(source.project_id):
            await self.forget(source.project_id)
            progress = Progress(source.project_id, report)
            await self._update(source, progress, retry_failed=retry_failed)
        return await progress.finished()

    async def forget(self, project_id: str) -> None:
        """Remove all that is kept of a project: passages, then records; again does no harm.

        What dies on the way leaves records without passages: `index` sees that and starts anew.
        """
        await self.store.delete_project(project_id)
        await self.store.flush()
        for file_id in await self.records.load(project_id):
            await self.records.drop(project_id, file_id)

    @property
    def _ingest(self) -> Ingest:
        return Ingest(parser=self.parser, embedder=self.embedder)

    async def _update(
        self, source: ProjectSource, progress: Progress, *, retry_failed: bool
    ) -> None:
        await progress.tell()
        listing = await source.list_files()
        known = await self.records.load(source.project_id)
        plan = plan_sync(listing, known, fingerprint=self.fingerprint, retry_failed=retry_failed)
        await progress.start(seen=len(listing.files), todo=len(plan.write), moves=len(plan.move))
        await progress.unlisted(listing.unlisted)
        shelf = Shelf(self.store, self.records, source.project_id, self.fingerprint, known)
        await _relabel(listing, plan, shelf, progress)
        todo = [file for file in listing.files if file.file_id in plan.write]
        async with aclosing(_read_ahead(todo, source, self._ingest)) as cuts:
            async for cut in cuts:
                await progress.tell(current=cut.file.path)
                await self._shelve(cut, shelf, progress)

    async def _shelve(self, cut: CutFile | FailedFile, shelf: Shelf, progress: Progress) -> None:
        """Embed a file's passages and put them in; one that is stale stays as it is."""
        made = await self._made(cut, shelf.project_id)
        if isinstance(made, FailedFile) and _is_stale(made, shelf):
            await progress.file_kept(cut.file.path, made.problem)
        elif isinstance(made, FailedFile):
            await progress.file_done(await shelf.fail(cut.file, made.problem))
        else:
            await progress.file_done(await shelf.replace(cut.file, made))

    async def _made(self, cut: CutFile | FailedFile, project_id: str) -> list[Point] | FailedFile:
        if isinstance(cut, FailedFile):
            return cut
        return await self._ingest.points(project_id, cut)

    async def _agrees(self, project_id: str) -> bool:
        """Tell whether the store holds as many passages as the records say.

        Of a file whose writing was cut short, which cannot be had now, any number is right.
        """
        held = await self.store.count(access=whole_project(project_id))
        said = (await self.records.totals(project_id)).passages
        if held == said:
            return True
        shelf = whole_project(project_id)
        for record in (await self.records.load(project_id)).values():
            if record.failure_code == INTERRUPTED:
                said += len(await self.store.file_points(project_id, record.file_id, access=shelf))
        return held == said


async def _relabel(listing: Listing, plan: SyncPlan, shelf: Shelf, progress: Progress) -> None:
    """Move what was moved, then drop what is gone: a search always finds one of the two."""
    for file in listing.files:
        if file.file_id in plan.move:
            await shelf.move(file, plan.move[file.file_id])
            await progress.moved()
    moved = frozenset(plan.move.values())
    for file_id in sorted(plan.drop):
        await shelf.drop(file_id)
        if file_id not in moved:
            await progress.removed()


def _is_stale(failed: FailedFile, shelf: Shelf) -> bool:
    """Tell a file that cannot be had for now and of which the index holds an earlier state."""
    known = shelf.known.get(failed.file.file_id)
    cannot_be_had = isinstance(failed.problem, SourceFileUnavailable)
    return cannot_be_had and known is not None and known.status == "indexed"


async def _read_ahead(
    files: Sequence[SourceFile], source: ProjectSource, ingest: Ingest
) -> AsyncGenerator[CutFile | FailedFile]:
    """Yield each file cut into passages, in order; the next ones are read meanwhile.

    So a source that takes its time over each file holds up the embedding of none.
    """
    reading: deque[asyncio.Task[CutFile | FailedFile]] = deque()
    try:
        for file in files:
            reading.append(asyncio.create_task(ingest.cut(source, file)))
            if len(reading) > _READ_AHEAD:
                yield await reading.popleft()
        while reading:
            yield await reading.popleft()
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
