"""One file on its way to the store."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from inference.embedding import Embedding
from inference.fake import HashEmbedder
from rag.ingest import CutFile, FailedFile, Ingest, draft_cut, embed_drafts, embed_passages
from tests.rag.indexing import PlainTextParser, write_project

LONG = "\n\n".join(f"Sample {number}: " + "hardness " * (number * 7 % 60) for number in range(40))


class _InBatches(HashEmbedder):
    """Remembers how many texts it was given at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Sequence[str]] = []

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        self.batches.append(texts)
        return await super().embed_documents(texts)


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
    expected = [(await embedder.embed_query(each.embedded_text)).dense for each in cut.chunks]
    assert [point.dense for point in points] == expected
    assert [point.payload["ordinal"] for point in points] == list(range(len(cut.chunks)))


async def test_the_model_is_given_batches_of_about_one_length(tmp_path: Path) -> None:
    """Of many files together, a bounded number of texts at a time."""
    cut, embedder = await _whole_cut(tmp_path), _InBatches()
    files = [draft_cut("alloy", cut, embedder.model)] * 8
    made = await embed_drafts(files, embedder)
    assert all(points == made[0] for points in made)
    assert len(embedder.batches) == 3
    assert max(map(len, embedder.batches)) == 64
    lengths = [len(text) for batch in embedder.batches for text in batch]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize(
    ("languages", "embedded"), [("en", ["en"]), ("*", ["en", "ja"]), ("", ["en", "ja"])]
)
async def test_what_the_model_does_not_know_the_language_of_gets_no_vector(
    tmp_path: Path, languages: str, embedded: list[str]
) -> None:
    embedder = HashEmbedder()
    embedder.languages = frozenset(languages.split())
    both = f"{LONG}\n\n{'溶体化処理の条件を述べる。' * 20}"
    cut = await _cut(tmp_path, both)
    assert isinstance(cut, CutFile)
    points = await embed_passages("alloy", cut, embedder)
    found = {point.payload["language"] for point in points if point.dense is not None}
    assert sorted(found) == embedded
    assert {point.payload["language"] for point in points} == {"en", "ja"}
    assert all(point.sparse for point in points)


def test_the_fingerprint_names_everything_that_passages_follow_from() -> None:
    parser = PlainTextParser()
    small = Ingest(parser=parser, embedder=HashEmbedder(dimensions=32)).fingerprint
    large = Ingest(parser=parser, embedder=HashEmbedder(dimensions=64)).fingerprint
    assert small != large
    for part in ("parser", "chunker", "lexical", "embedder hash-pairs@32 (32) for all"):
        assert part in small
