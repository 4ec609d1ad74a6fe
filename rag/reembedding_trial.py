"""Count and try a filled collection before it may answer."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from rag.access import whole_project
from rag.passages import StoredPassage, passage_id, stored_passage
from rag.ports import FileRecord
from rag.reembedder import Generation
from rag.reembedding import ProjectCount, Verification, is_certain
from rag.store.port import VectorQuery

_MOST_ASKED: Final = 60
_FILES_OF_A_PROJECT: Final = 3
_AMONG_FIRST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Compares `target` with its records and with `source`, and asks it for what it holds."""

    source: Generation
    target: Generation

    async def run(self, project_ids: Sequence[str], *, syncs_rest: bool) -> Verification:
        """Return what was found.

        While syncs go on, `source` differs from one moment to the next: its numbers count only
        where `syncs_rest`. Of files whose writing was cut off, any number is right.
        """
        counts = [await self._count(project, syncs_rest=syncs_rest) for project in project_ids]
        asked = found = 0
        for project_id in project_ids:
            async for passage in self._samples(project_id, most=_MOST_ASKED - asked):
                asked += 1
                found += await self._finds(passage)
        return Verification(
            at=datetime.now(UTC),
            projects=len(counts),
            passages=sum(count.target for count in counts),
            differing=[count for count in counts if not count.agrees],
            asked=asked,
            found=found,
        )

    async def _count(self, project_id: str, *, syncs_rest: bool) -> ProjectCount:
        records = (await self.target.records.load(project_id)).values()
        recorded = sum(record.passages for record in records)
        held = await _held(self.source, project_id) if syncs_rest else recorded
        return ProjectCount(
            project_id=project_id,
            recorded=recorded,
            source=held,
            target=await _held(self.target, project_id),
        )

    async def _samples(self, project_id: str, *, most: int) -> AsyncGenerator[StoredPassage]:
        """Yield a passage of each of some files that lie far from each other."""
        records = await self.target.records.load(project_id)
        for record in _spread([each for each in records.values() if each.passages], most=most):
            middle = passage_id(project_id, record.file_id, record.version, record.passages // 2)
            points = await self.target.store.fetch([middle], access=whole_project(project_id))
            for point in points:
                yield stored_passage(point.payload)

    async def _finds(self, passage: StoredPassage) -> bool:
        """Tell whether a passage, or one of the same text, is among the nearest to its text."""
        access = whole_project(passage.project_id)
        asked = await self.target.embedder.embed_query(passage.embedded_text)
        query = VectorQuery("dense", asked.dense, _AMONG_FIRST)
        [ranking] = await self.target.store.search([query], access=access)
        points = await self.target.store.fetch(list(ranking), access=access)
        texts = {stored_passage(point.payload).embedded_text for point in points}
        return passage.embedded_text in texts


async def _held(generation: Generation, project_id: str) -> int:
    """Count the passages that are there, but for those of files that were cut off."""
    access = whole_project(project_id)
    held = await generation.store.count(access=access)
    for record in (await generation.records.load(project_id)).values():
        if not is_certain(record):
            held -= len(
                await generation.store.file_points(project_id, record.file_id, access=access)
            )
    return held


def _spread(records: Sequence[FileRecord], *, most: int) -> list[FileRecord]:
    """Return the first, the last and the middle one, or fewer."""
    wanted = max(min(_FILES_OF_A_PROJECT, most), 0)
    places = {0, len(records) // 2, len(records) - 1} if records else set[int]()
    return [records[place] for place in sorted(places)][:wanted]
