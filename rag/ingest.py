"""One file on its way to the store: fetched, parsed, cut, embedded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from connectors.ports import ProjectSource, SourceFile
from connectors.problems import SourceFileProblem
from contracts.problems import Problem
from rag.chunking import CHUNKER_VERSION, Chunk, chunk
from rag.lexical import LEXICAL_VERSION, encode_document
from rag.parsing.document import ParsedDocument
from rag.parsing.isolated import PARSER_VERSION
from rag.passages import StoredPassage, labels
from rag.ports import Embedder, Parser
from rag.store.port import Point

_EMBED_BATCH: Final = 16  # small batches of about one length: least padding, best on a CPU


@dataclass(frozen=True, slots=True)
class CutFile:
    """A file's passages, and the title that its document has of its own, if any."""

    file: SourceFile
    title: str
    chunks: Sequence[Chunk]


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file without passages, and why."""

    file: SourceFile
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """What every file of a project goes through."""

    parser: Parser
    embedder: Embedder

    @property
    def fingerprint(self) -> str:
        """What, besides the file itself, its passages follow from."""
        return (
            f"parser {PARSER_VERSION}, chunker {CHUNKER_VERSION}, lexical {LEXICAL_VERSION},"
            f" embedder {self.embedder.model} ({self.embedder.dimensions})"
        )

    async def cut(self, source: ProjectSource, file: SourceFile) -> CutFile | FailedFile:
        """Fetch, parse and cut one file; nothing of it stays on disk.

        Raises:
            Problem: the source as a whole does not answer.
        """
        with TemporaryDirectory(prefix="fumikura-") as folder:
            try:
                path = await source.fetch(file, Path(folder))
            except SourceFileProblem as problem:  # any other one would meet every file
                return FailedFile(file, problem)
            try:
                document = await self.parser.parse(path, file.name)
            except Problem as problem:
                return FailedFile(file, problem)
        return await asyncio.to_thread(cut_document, file, document, self.embedder)

    async def points(self, project_id: str, cut: CutFile) -> list[Point] | FailedFile:
        """Return the points of a file's passages, in reading order.

        Raises:
            Problem: the embedding model as a whole does not answer.
        """
        try:
            return await embed_passages(project_id, cut, self.embedder)
        except Problem as problem:
            return FailedFile(cut.file, _about_the_file(problem))


def cut_document(file: SourceFile, document: ParsedDocument, embedder: Embedder) -> CutFile:
    """Cut a parsed file into passages that `embedder` can read whole."""
    chunks = chunk(document, max_tokens=embedder.max_tokens, count_tokens=embedder.count_tokens)
    return CutFile(file, document.title, chunks)


async def embed_passages(project_id: str, cut: CutFile, embedder: Embedder) -> list[Point]:
    """Return a point for each passage, in reading order.

    Raises:
        Problem: the embedding model refuses a passage or does not answer.
    """
    dense = await _embed([passage.embedded_text for passage in cut.chunks], embedder)
    passages = [_stored(project_id, cut, passage, embedder.model) for passage in cut.chunks]
    return await asyncio.to_thread(points_of, passages, dense)


def points_of(passages: Sequence[StoredPassage], dense: Sequence[Sequence[float]]) -> list[Point]:
    """Return the points of passages whose dense vectors are known, in order."""
    return [
        Point(
            id=passage.id,
            dense=vector,
            sparse=encode_document(passage.lexical_text),
            payload=passage.payload(),
        )
        for passage, vector in zip(passages, dense, strict=True)
    ]


async def _embed(texts: Sequence[str], embedder: Embedder) -> list[list[float]]:
    """Embed in batches of texts of about one length; the vectors come in the texts' order."""
    by_length = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    vectors: dict[int, list[float]] = {}
    for start in range(0, len(by_length), _EMBED_BATCH):
        places = by_length[start : start + _EMBED_BATCH]
        batch = await embedder.embed_documents([texts[place] for place in places])
        vectors.update(zip(places, batch, strict=True))
    return [vectors[place] for place in range(len(texts))]


def _stored(project_id: str, cut: CutFile, passage: Chunk, model: str) -> StoredPassage:
    return StoredPassage(
        project_id=project_id,
        version=cut.file.version,
        ordinal=passage.ordinal,
        total=len(cut.chunks),
        title=cut.title,
        anchor=passage.anchor,
        kind=passage.kind,
        language=passage.language,
        context=passage.context,
        text=passage.text,
        embedding_model=model,
        **labels(cut.file),
    )


def _about_the_file(problem: Problem) -> Problem:
    """Return a problem of this one file; raise one that would meet every other file too."""
    if problem.kind in {"unavailable", "limited", "unauthenticated"}:
        raise problem
    return problem
