"""Files are put in together, embedded together, and fail alone."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.ports import SourceFile
from contracts.problems import ServiceUnreachable
from inference.embedding import Embedding
from inference.fake import HashEmbedder
from inference.problems import EmbeddingInputTooLong
from rag.ingest import Draft, FailedFile, draft_document
from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece
from rag.parsing.problems import ParseFailed
from rag.portions import Portion, WrittenFile, batches, embedded, most_passages

MOST = most_passages(HashEmbedder())


class _Refusing(HashEmbedder):
    """Refuses texts with one word in them, whatever comes with it."""

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        if any("poison" in text for text in texts):
            raise EmbeddingInputTooLong(0, max_tokens=self.max_tokens)
        return await super().embed_documents(texts)


class _Down(HashEmbedder):
    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        raise ServiceUnreachable("The embedding model", reason=f"{len(texts)} texts for nobody")


def _file(name: str) -> SourceFile:
    return SourceFile(file_id=name, path=f"{name}.txt", size=1, version="1", modified=None)


def _draft(name: str, *pages: str) -> Draft:
    """Return a file with a passage for each page."""
    pieces = [
        Piece(kind="text", text=text, anchor=Anchor(page=number))
        for number, text in enumerate(pages, start=1)
    ]
    document = ParsedDocument(title="", media_type="text/plain", pieces=pieces)
    return draft_document("alloy", _file(name), document, HashEmbedder())


def _failed(name: str) -> FailedFile:
    return FailedFile(_file(name), ParseFailed("corrupt"))


async def _given(*items: Draft | FailedFile) -> AsyncGenerator[Draft | FailedFile]:
    for item in items:
        yield item


async def _portions(embedder: HashEmbedder, *batch: Draft | FailedFile) -> list[Portion]:
    async def one() -> AsyncGenerator[list[Draft | FailedFile]]:
        yield list(batch)

    return [portion async for portion in embedded(one(), embedder)]


async def test_the_first_batch_is_one_file_and_they_grow() -> None:
    files = [_draft(str(number), "時効") for number in range(12)]
    sizes = [len(batch) async for batch in batches(_given(*files), most=4)]
    assert sizes == [1, 2, 4, 4, 1]


async def test_a_file_with_more_passages_than_fit_is_alone() -> None:
    large = _draft("large", *["page"] * 5)
    files = [_draft("a", "1"), _draft("b", "2"), large, _draft("c", "3")]
    found = [batch async for batch in batches(_given(*files), most=4)]
    assert [large] in found


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 6)))
def test_no_file_is_lost_doubled_or_out_of_order(sizes: list[int]) -> None:
    files = [
        _draft(str(number), *["page"] * size) if size else _failed(str(number))
        for number, size in enumerate(sizes)
    ]
    assert _grouped(files) == files


def _grouped(files: Sequence[Draft | FailedFile]) -> list[Draft | FailedFile]:
    async def grouped() -> list[Draft | FailedFile]:
        return [each async for batch in batches(_given(*files), most=4) for each in batch]

    return asyncio.run(grouped())


async def test_a_batch_is_one_portion_in_order() -> None:
    a, b = _draft("a", "溶体化", "時効"), _draft("b", "焼鈍")
    failed = _failed("broken")
    [portion] = await _portions(HashEmbedder(), a, failed, b)
    assert portion.begun == [a.file, failed.file, b.file]
    assert portion.ended == [WrittenFile(a.file, 2), failed, WrittenFile(b.file, 1)]
    assert [point.payload["text"] for point in portion.points] == ["溶体化", "時効", "焼鈍"]


async def test_a_passage_that_the_model_refuses_fails_its_file_alone() -> None:
    good, bad = _draft("good", "時効"), _draft("bad", "時効", "poison")
    [portion] = await _portions(_Refusing(), bad, good)
    [failed, written] = portion.ended
    assert isinstance(failed, FailedFile)
    assert isinstance(failed.problem, EmbeddingInputTooLong)
    assert written == WrittenFile(good.file, 1)
    assert [point.payload["file_id"] for point in portion.points] == ["good"]


async def test_a_model_that_is_down_is_no_fault_of_the_files() -> None:
    with pytest.raises(ServiceUnreachable):
        await _portions(_Down(), _draft("a", "時効"), _draft("b", "焼鈍"))


async def test_a_large_file_comes_in_stretches() -> None:
    large = _draft("large", *(f"page {number}" for number in range(MOST + 1)))
    first, last = await _portions(HashEmbedder(), large)
    assert (first.begun, first.ended, len(first.points)) == ([large.file], [], MOST)
    assert (last.begun, last.ended) == ([], [WrittenFile(large.file, MOST + 1)])
    assert [point.payload["ordinal"] for point in last.points] == [MOST]


async def test_a_large_file_that_fails_on_the_way_is_told_to_have_failed() -> None:
    pages = [*(f"page {number}" for number in range(2 * MOST)), "poison"]
    portions = await _portions(_Refusing(), _draft("large", *pages))
    assert [len(portion.points) for portion in portions] == [MOST, MOST, 0]
    assert isinstance(portions[-1].ended[0], FailedFile)
