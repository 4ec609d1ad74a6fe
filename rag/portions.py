"""What is put in together: the passages of many small files, or a stretch of a large one's."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

from connectors.ports import SourceFile
from contracts.problems import Problem
from rag.ingest import Draft, FailedFile, embed_drafts
from rag.ports import Embedder
from rag.store.port import Point

_MOST_PASSAGES: Final = 256  # what their embedding and one flush take is seconds, on a laptop
_MOST_WITH_TOKEN_VECTORS: Final = 16  # a vector for each token: a passage may take megabytes


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file all of whose passages have been handed over, and how many they are."""

    file: SourceFile
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Passages to put in together.

    `begun` are the files that nothing was handed over of before, `ended` those that all has now
    been of: of many small files the same ones, of a large one its first and its last portion.
    """

    begun: Sequence[SourceFile]
    points: Sequence[Point]
    ended: Sequence[WrittenFile | FailedFile]

    def without(self, left: Sequence[FailedFile]) -> "Portion":
        """Return the portion without files that shall stay as they are."""
        files = {each.file.file_id for each in left}
        return replace(
            self,
            begun=[file for file in self.begun if file.file_id not in files],
            ended=[each for each in self.ended if each.file.file_id not in files],
        )


def most_passages(embedder: Embedder) -> int:
    """Return how many passages make a portion, so that their vectors fit into memory."""
    return _MOST_WITH_TOKEN_VECTORS if "colbert" in embedder.outputs else _MOST_PASSAGES


async def batches(
    drafts: AsyncGenerator[Draft | FailedFile], *, most: int
) -> AsyncGenerator[list[Draft | FailedFile]]:
    """Group files, in order, by up to `most` passages; one with more of them is alone.

    The first batch is one file, each further one about twice as large: a small project shows its
    progress, and in a large one writing costs little.
    """
    batch: list[Draft | FailedFile] = []
    held, enough = 0, 1
    async with aclosing(drafts):
        async for draft in drafts:
            size = _size(draft)
            if batch and held + size > most:
                yield batch
                batch, held = [], 0
            batch.append(draft)
            held += size
            if held >= enough:
                yield batch
                batch, held, enough = [], 0, min(2 * enough, most)
    if batch:
        yield batch


async def embedded(
    batches: AsyncGenerator[list[Draft | FailedFile]], embedder: Embedder
) -> AsyncGenerator[Portion]:
    """Embed batch by batch. A passage that the model refuses fails its own file alone.

    Raises:
        Problem: the embedding model as a whole does not answer.
    """
    most = most_passages(embedder)
    async with aclosing(batches):
        async for batch in batches:
            first = batch[0]
            if isinstance(first, Draft) and len(first.passages) > most:
                async with aclosing(_stretches(first, embedder, most)) as portions:
                    async for portion in portions:
                        yield portion
            else:
                yield await _together(batch, embedder)


async def _together(batch: Sequence[Draft | FailedFile], embedder: Embedder) -> Portion:
    made = iter(await _made([each for each in batch if isinstance(each, Draft)], embedder))
    points: list[Point] = []
    ended: list[WrittenFile | FailedFile] = []
    for draft in batch:
        result = draft if isinstance(draft, FailedFile) else next(made)
        if isinstance(result, FailedFile):
            ended.append(result)
        else:
            points += result
            ended.append(WrittenFile(draft.file, len(result)))
    return Portion(begun=[draft.file for draft in batch], points=points, ended=ended)


async def _stretches(draft: Draft, embedder: Embedder, most: int) -> AsyncGenerator[Portion]:
    whole = len(draft.passages)
    for start in range(0, whole, most):
        begun = [draft.file] if start == 0 else []
        [made] = await _made([draft.part(start, start + most)], embedder)
        if isinstance(made, FailedFile):
            yield Portion(begun=begun, points=[], ended=[made])
            return
        ended = [WrittenFile(draft.file, whole)] if start + most >= whole else []
        yield Portion(begun=begun, points=made, ended=ended)


async def _made(drafts: Sequence[Draft], embedder: Embedder) -> list[list[Point] | FailedFile]:
    """Embed drafts together, or each alone where the model refuses something of them."""
    try:
        return list(await embed_drafts(drafts, embedder))
    except Problem as problem:
        cause = _about_a_file(problem)
        if len(drafts) == 1:
            return [FailedFile(drafts[0].file, cause)]
    return [made for draft in drafts for made in await _made([draft], embedder)]


def _about_a_file(problem: Problem) -> Problem:
    """Return a problem of one of the files; raise one that would meet every other file too."""
    if problem.kind in {"unavailable", "limited", "unauthenticated"}:
        raise problem
    return problem


def _size(draft: Draft | FailedFile) -> int:
    """Return the passages; a file without any costs something, too."""
    return max(len(draft.passages), 1) if isinstance(draft, Draft) else 1
