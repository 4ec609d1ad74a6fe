"""One file on its way to the store."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from contracts.problems import ServiceUnreachable
from inference.fake import HashEmbedder
from inference.problems import EmbeddingInputTooLong
from rag.ingest import CutFile, FailedFile, Ingest, embed_passages
from tests.rag.indexing import PlainTextParser, write_project

LONG = "\n\n".join(f"Sample {number}: " + "hardness " * (number * 7 % 60) for number in range(40))


class _InBatches(HashEmbedder):
    """Remembers how many texts it was given at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Sequence[str]] = []

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        self.batches.append(texts)
        return await super().embed_documents(texts)


class _Refusing(HashEmbedder):
    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        raise EmbeddingInputTooLong(len(texts), max_tokens=self.max_tokens)


class _Down(HashEmbedder):
    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        raise ServiceUnreachable("The embedding model", reason=f"{len(texts)} texts for nobody")


async def _cut(folder: Path, text: str) -> CutFile | FailedFile:
    source = write_project(folder / "project", {"a.txt": text})
    [file] = (await source.list_files()).files
    return await Ingest(parser=PlainTextParser(), embedder=HashEmbedder()).cut(source, file)


async def _whole_cut(folder: Path) -> CutFile:
    cut = await _cut(folder, LONG)
    assert isinstance(cut, CutFile)
    return cut


async def test_a_file_without_text_says_why(tmp_path: Path) -> None:
    cut = await _cut(tmp_path, "")
    assert isinstance(cut, FailedFile)
    assert "0 bytes" in cut.problem.message


async def test_each_passage_gets_its_own_vector(tmp_path: Path) -> None:
    """Texts are embedded ordered by length; the vectors must find back."""
    cut, embedder = await _whole_cut(tmp_path), _InBatches()
    points = await embed_passages("alloy", cut, embedder)
    expected = [await embedder.embed_query(each.embedded_text) for each in cut.chunks]
    assert [point.dense for point in points] == expected
    assert [point.payload["ordinal"] for point in points] == list(range(len(cut.chunks)))


async def test_the_model_is_given_small_batches_of_about_one_length(tmp_path: Path) -> None:
    embedder = _InBatches()
    await embed_passages("alloy", await _whole_cut(tmp_path), embedder)
    assert max(map(len, embedder.batches)) <= 16
    lengths = [len(text) for batch in embedder.batches for text in batch]
    assert lengths == sorted(lengths)


async def test_a_passage_that_the_model_refuses_fails_its_file(tmp_path: Path) -> None:
    ingest = Ingest(parser=PlainTextParser(), embedder=_Refusing())
    failed = await ingest.points("alloy", await _whole_cut(tmp_path))
    assert isinstance(failed, FailedFile)
    assert isinstance(failed.problem, EmbeddingInputTooLong)


async def test_a_model_that_is_down_is_no_fault_of_the_file(tmp_path: Path) -> None:
    ingest = Ingest(parser=PlainTextParser(), embedder=_Down())
    with pytest.raises(ServiceUnreachable):
        await ingest.points("alloy", await _whole_cut(tmp_path))


def test_the_fingerprint_names_everything_that_passages_follow_from() -> None:
    parser = PlainTextParser()
    small = Ingest(parser=parser, embedder=HashEmbedder(dimensions=32)).fingerprint
    large = Ingest(parser=parser, embedder=HashEmbedder(dimensions=64)).fingerprint
    assert small != large
    for part in ("parser", "chunker", "lexical", "embedder hash-pairs@32"):
        assert part in small
