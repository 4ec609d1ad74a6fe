"""Fill one generation from the passages of another; a run may be killed anywhere, and repeated."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from rag.access import whole_project
from rag.ingest import embed_again
from rag.passages import StoredPassage, stored_passage
from rag.portions import most_passages
from rag.ports import Embedder, FileRecord, IndexRecords
from rag.problems import PassageTooLong, ProjectUnknown
from rag.progress import remaining_s
from rag.reembedding import (
    Fingerprints,
    ReembeddingPlan,
    ReembeddingProgress,
    is_certain,
    marked,
    mirrored,
    plan_reembedding,
)
from rag.store.port import VectorStore

ReportReembedding = Callable[[ReembeddingProgress], Awaitable[None]]


class GenerationRecords(IndexRecords, Protocol):
    """The records of one collection."""

    async def find(self, project_id: str, file_ids: Sequence[str]) -> dict[str, FileRecord]:
        """Return the records of these files, of those that have one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """An embedding model, the collection of its passages, and the records of what is in that."""

    embedder: Embedder
    store: VectorStore
    records: GenerationRecords
    fingerprint: str
    """What the records of files name that were indexed by this version of the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reembedder:
    """Makes `target` hold what `source` holds, while that is searched and written to.

    A file is taken as it lay between two looks at its record that were the same, so never half of
    two versions. In `target` its record is marked, then come the passages, a flush, and the true
    record: what dies on the way is repeated. One run at a time for a target.
    """

    source: Generation
    target: Generation

    async def check(self, project_ids: Sequence[str], report: ReportReembedding) -> None:
        """Return if the model of `target` can read every passage whole; nothing is written.

        Raises:
            PassageTooLong: names the first one that it cannot.
        """
        progress = await self._progress(project_ids, report)
        for project_id in project_ids:
            for file_id, record in (await self.source.records.load(project_id)).items():
                passages = await self._passages(project_id, file_id)
                await asyncio.to_thread(self._refuse_too_long, project_id, passages)
                await progress.done(record)

    async def catch_up(self, project_ids: Sequence[str], report: ReportReembedding) -> int:
        """Bring `target` up to what `source` holds now; return how many files were touched.

        What a sync changes meanwhile is left to the next call. A target that does not hold what
        its records say is filled anew.

        Raises:
            PassageTooLong: of a file that was indexed since `check`.
            Problem: the model of `target` or a store does not work.
        """
        progress = await self._progress(project_ids, report)
        touched = 0
        for project_id in project_ids:
            await self._empty_unless_whole(project_id)
            touched += await self._catch_up(project_id, progress)
        return touched

    @property
    def _fingerprints(self) -> Fingerprints:
        return Fingerprints(source=self.source.fingerprint, target=self.target.fingerprint)

    async def _progress(self, project_ids: Sequence[str], report: ReportReembedding) -> "_Progress":
        totals = [await self.source.records.totals(project) for project in project_ids]
        known = ReembeddingProgress(
            files_total=sum(each.files for each in totals),
            passages_total=sum(each.passages for each in totals),
        )
        await report(known)
        return _Progress(known, report)

    async def _empty_unless_whole(self, project_id: str) -> None:
        records = await self.target.records.load(project_id)
        if not all(map(is_certain, records.values())):
            return  # those are written anew in any case
        held = await self.target.store.count(access=whole_project(project_id))
        if held != sum(record.passages for record in records.values()):
            await self._empty(project_id)
            await self.target.records.drop(project_id, *records)

    async def _empty(self, project_id: str) -> None:
        await self.target.store.delete_project(project_id)
        await self.target.store.flush()

    async def _catch_up(self, project_id: str, progress: "_Progress") -> int:
        """Carry out the plan of one project; one that is removed meanwhile leaves nothing."""
        source = await self.source.records.load(project_id)
        target = await self.target.records.load(project_id)
        plan = plan_reembedding(source, target, self._fingerprints)
        await progress.done(*(source[each] for each in source.keys() - plan.copy))
        try:
            await self._drop(project_id, plan)
            for batch in _batches(source, plan, most=most_passages(self.target.embedder)):
                await progress.copied(*await self._copy(project_id, batch, known=target))
        except ProjectUnknown:
            await self._empty(project_id)
        return len(plan.copy) + len(plan.drop)

    async def _drop(self, project_id: str, plan: ReembeddingPlan) -> None:
        for file_id in sorted(plan.drop):
            await self.target.store.delete_file(project_id, file_id)
        if plan.drop:
            await self.target.store.flush()
            await self.target.records.drop(project_id, *plan.drop)

    async def _copy(
        self,
        project_id: str,
        batch: Mapping[str, FileRecord],
        *,
        known: Mapping[str, FileRecord],
    ) -> list[FileRecord]:
        """Copy and return the files that `source` holds now as these records say.

        The others have changed since: they are for the next call.
        """
        passages = {each: await self._passages(project_id, each) for each in batch}
        now = await self.source.records.find(project_id, list(batch))
        whole = {
            file_id: record
            for file_id, record in batch.items()
            if now.get(file_id) == record and _is_whole(record, passages[file_id])
        }
        texts = [passage for file_id in whole for passage in passages[file_id]]
        self._refuse_too_long(project_id, texts)
        await self.target.records.save(project_id, *map(marked, whole.values()))
        for file_id in whole.keys() & known.keys():
            await self.target.store.delete_file(project_id, file_id)
        await self._embed(texts)
        await self.target.store.flush()
        true = [mirrored(record, self._fingerprints) for record in whole.values()]
        await self.target.records.save(project_id, *true)
        return true

    async def _embed(self, passages: Sequence[StoredPassage]) -> None:
        most = most_passages(self.target.embedder)
        for start in range(0, len(passages), most):
            points = await embed_again(passages[start : start + most], self.target.embedder)
            await self.target.store.upsert(points)

    async def _passages(self, project_id: str, file_id: str) -> list[StoredPassage]:
        access = whole_project(project_id)
        points = await self.source.store.file_points(project_id, file_id, access=access)
        return [stored_passage(point.payload) for point in points]

    def _refuse_too_long(self, project_id: str, passages: Sequence[StoredPassage]) -> None:
        embedder = self.target.embedder
        for passage in passages:
            tokens = embedder.count_tokens(passage.embedded_text)
            if tokens > embedder.max_tokens:
                raise PassageTooLong(
                    f"{project_id}/{passage.path}",
                    tokens=tokens,
                    model=embedder.model,
                    max_tokens=embedder.max_tokens,
                )


@dataclass(slots=True)
class _Progress:
    """Counts files as they become right, and tells of it."""

    known: ReembeddingProgress
    report: ReportReembedding
    since: float = field(default_factory=monotonic)
    embedded: int = 0

    async def done(self, *records: FileRecord) -> None:
        """Count files that are right already."""
        files = self.known.files + len(records)
        passages = self.known.passages + sum(record.passages for record in records)
        left = self.known.passages_total - passages
        pace = {"done": self.embedded, "todo": self.embedded + max(left, 0)}
        eta_s = remaining_s(**pace, elapsed_s=monotonic() - self.since)
        news = {"files": files, "passages": passages, "eta_s": eta_s}
        self.known = self.known.model_copy(update=news)
        await self.report(self.known)

    async def copied(self, *records: FileRecord) -> None:
        """Count files whose passages were embedded now: they set the pace."""
        self.embedded += sum(record.passages for record in records)
        await self.done(*records)


def _is_whole(record: FileRecord, passages: Sequence[StoredPassage]) -> bool:
    """Tell whether these are all; of a file that was cut off there are as many as there are."""
    return not is_certain(record) or len(passages) == record.passages


def _batches(
    source: Mapping[str, FileRecord], plan: ReembeddingPlan, *, most: int
) -> Iterator[dict[str, FileRecord]]:
    """Yield files that together have up to `most` passages; one with more of them is alone."""
    batch: dict[str, FileRecord] = {}
    size = 0
    for file_id in sorted(plan.copy):
        passages = max(source[file_id].passages, 1)
        if batch and size + passages > most:
            yield batch
            batch, size = {}, 0
        batch[file_id] = source[file_id]
        size += passages
    if batch:
        yield batch
