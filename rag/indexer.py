"""Make the index equal to its project; a run may be killed anywhere and run again."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeGuard

from connectors.ports import Listing, ProjectSource, SourceFile
from connectors.problems import SourceFileUnavailable
from rag.access import whole_project
from rag.ahead import one_ahead
from rag.ingest import FailedFile, Ingest
from rag.models import IndexReport
from rag.portions import Portion, WrittenFile, batches, embedded, most_passages
from rag.ports import Embedder, IndexRecords, Parser
from rag.progress import Progress, ReportIndexing
from rag.reading import FileReader, LocalReader
from rag.shelf import Shelf
from rag.store.port import VectorStore
from rag.sync import INTERRUPTED, SyncPlan, is_settled, plan_sync

_MOVED_TOGETHER: Final = 256  # passages
_DROPPED_TOGETHER: Final = 256  # files


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """Keeps the passages of projects in `store`, and in `records` what they were made from.

    Files are written many at a time. Before their passages are touched, their records say
    `indexing_interrupted`; the true records are written once the passages are safe on disk. So a
    run that dies, or is cancelled, leaves each file either as it was or marked, and the next run
    makes it anew, under the same passage ids.

    One run at a time for a project: that is for the caller to see to.
    """

    store: VectorStore
    embedder: Embedder
    parser: Parser
    records: IndexRecords
    reader: FileReader | None = None
    """Reads the files; without one they are read in this process, by `parser`."""

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
        await self.records.drop(project_id, *await self.records.load(project_id))

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
        async with aclosing(self._portions(source, todo)) as portions:
            async for portion in portions:
                await _put(portion, shelf, progress)

    def _portions(
        self, source: ProjectSource, files: Sequence[SourceFile]
    ) -> AsyncGenerator[Portion]:
        """Yield what to put in; meanwhile the model reads the next, and the next but one is cut."""
        reader = self.reader or LocalReader(self._ingest)
        drafts = batches(reader.read(source, files), most=most_passages(self.embedder))
        return one_ahead(embedded(one_ahead(drafts), self.embedder))

    @property
    def _ingest(self) -> Ingest:
        return Ingest(parser=self.parser, embedder=self.embedder)

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
    moves = [(file, plan.move[file.file_id]) for file in listing.files if file.file_id in plan.move]
    for together in _grouped(moves, shelf):
        await shelf.move(together)
        await progress.moved(len(together))
    moved = frozenset(plan.move.values())
    gone = sorted(plan.drop)
    for start in range(0, len(gone), _DROPPED_TOGETHER):
        dropped = gone[start : start + _DROPPED_TOGETHER]
        await shelf.drop(dropped)
        await progress.removed(sum(file_id not in moved for file_id in dropped))


def _grouped(
    moves: Sequence[tuple[SourceFile, str]], shelf: Shelf
) -> Iterator[list[tuple[SourceFile, str]]]:
    """Yield moves, in order, in groups of few passages; a file with more of them is alone."""
    group: list[tuple[SourceFile, str]] = []
    held = 0
    for file, origin in moves:
        size = shelf.known[origin].passages + 1
        if group and held + size > _MOVED_TOGETHER:
            yield group
            group, held = [], 0
        group.append((file, origin))
        held += size
    if group:
        yield group


async def _put(portion: Portion, shelf: Shelf, progress: Progress) -> None:
    """Put passages in; a file that is stale stays as it is."""
    for file in portion.begun:
        await progress.tell(current=file.path)
    kept = [each for each in portion.ended if _is_stale(each, shelf)]
    for record in await shelf.put(portion.without(kept)):
        await progress.file_done(record)
    for failed in kept:
        await progress.file_kept(failed.file.path, failed.problem)


def _is_stale(ended: WrittenFile | FailedFile, shelf: Shelf) -> TypeGuard[FailedFile]:
    """Tell a file that cannot be had for now and of which the index holds an earlier state."""
    if not (isinstance(ended, FailedFile) and isinstance(ended.problem, SourceFileUnavailable)):
        return False
    known = shelf.known.get(ended.file.file_id)
    return known is not None and known.status == "indexed"
