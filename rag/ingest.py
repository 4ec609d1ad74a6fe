"""Files on their way to the store: fetched, parsed, cut, their terms counted, embedded."""

import asyncio
from array import array
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from connectors.ports import ProjectSource, SourceFile
from connectors.problems import SourceFileProblem
from contracts.problems import Problem
from rag.ahead import Job, in_order
from rag.chunking import CHUNKER_VERSION, Chunk, chunk
from rag.labels import stored_tags
from rag.language import MULTILINGUAL
from rag.lexical import LEXICAL_VERSION, encode_document
from rag.parsing.document import ParsedDocument
from rag.parsing.isolated import PARSER_VERSION
from rag.passages import StoredPassage, labels
from rag.ports import Embedder, Embedding, Parser
from rag.store.port import Point, SparseVector

_EMBED_BATCH: Final = 64  # texts of about one length: little padding, wherever the model is
_EMBED_AT_ONCE: Final = 2  # batches: one is prepared, or travels, while the model reads the other

Terms = Mapping[str, SparseVector]
"""A passage's vectors of words and of character pairs."""


@dataclass(frozen=True, slots=True)
class CutFile:
    """A file's passages, and the title and keywords that its document has of its own, if any."""

    file: SourceFile
    title: str
    chunks: Sequence[Chunk]
    keywords: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A file's passages in reading order, whole but for their embeddings."""

    file: SourceFile
    passages: Sequence[StoredPassage]
    terms: Sequence[Terms]

    def part(self, first: int, last: int) -> "Draft":
        """Return the passages from `first` to before `last`."""
        return Draft(self.file, self.passages[first:last], self.terms[first:last])


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
            f" embedder {self.embedder.model} ({self.embedder.dimensions}) for"
            f" {' '.join(sorted(self.embedder.languages)) or 'all'}"
        )

    async def cut(self, source: ProjectSource, file: SourceFile) -> CutFile | FailedFile:
        """Fetch, parse and cut one file; nothing of it stays on disk.

        Raises:
            Problem: the source as a whole does not answer.
        """
        document = await self._parsed(source, file)
        if isinstance(document, FailedFile):
            return document
        return await asyncio.to_thread(cut_document, file, document, self.embedder)

    async def draft(self, source: ProjectSource, file: SourceFile) -> Draft | FailedFile:
        """Fetch, parse and cut one file, and count its terms; nothing of it stays on disk.

        Raises:
            Problem: the source as a whole does not answer.
        """
        cut = await self.cut(source, file)
        if isinstance(cut, FailedFile):
            return cut
        return await asyncio.to_thread(draft_cut, source.project_id, cut, self.embedder.model)

    async def _parsed(self, source: ProjectSource, file: SourceFile) -> ParsedDocument | FailedFile:
        with TemporaryDirectory(prefix="fumikura-") as folder:
            try:
                path = await source.fetch(file, Path(folder))
            except SourceFileProblem as problem:  # any other one would meet every file
                return FailedFile(file, problem)
            try:
                return await self.parser.parse(path, file.name)
            except Problem as problem:
                return FailedFile(file, problem)


def cut_document(file: SourceFile, document: ParsedDocument, embedder: Embedder) -> CutFile:
    """Cut a parsed file into passages that `embedder` can read whole."""
    chunks = chunk(document, max_tokens=embedder.max_tokens, count_tokens=embedder.count_tokens)
    return CutFile(file, document.title, chunks, document.keywords)


def draft_document(
    project_id: str, file: SourceFile, document: ParsedDocument, embedder: Embedder
) -> Draft:
    """Cut a parsed file and count the terms of its passages."""
    return draft_cut(project_id, cut_document(file, document, embedder), embedder.model)


def draft_cut(project_id: str, cut: CutFile, model: str) -> Draft:
    """Return what a file's passages will be in the store, their terms counted."""
    passages = [_stored(project_id, cut, passage, model) for passage in cut.chunks]
    return Draft(cut.file, passages, [_packed(_terms(passage)) for passage in passages])


async def embed_passages(project_id: str, cut: CutFile, embedder: Embedder) -> list[Point]:
    """Return a point for each passage of a file, in reading order.

    Raises:
        Problem: the embedding model refuses a passage or does not answer.
    """
    draft = await asyncio.to_thread(draft_cut, project_id, cut, embedder.model)
    [points] = await embed_drafts([draft], embedder)
    return points


async def embed_drafts(drafts: Sequence[Draft], embedder: Embedder) -> list[list[Point]]:
    """Return for each draft the points of its passages, embedded together with all the others.

    Raises:
        Problem: the embedding model refuses a passage or does not answer.
    """
    passages = [passage for draft in drafts for passage in draft.passages]
    embeddings = iter(await embed_known(passages, embedder))
    return [
        [
            _point(passage, terms, next(embeddings))
            for passage, terms in zip(draft.passages, draft.terms, strict=True)
        ]
        for draft in drafts
    ]


async def embed_again(passages: Sequence[StoredPassage], embedder: Embedder) -> list[Point]:
    """Return the points of passages that another model had embedded, in order.

    Raises:
        Problem: the embedding model refuses a passage or does not answer.
    """
    passages = [each.model_copy(update={"embedding_model": embedder.model}) for each in passages]
    embeddings = await embed_known(passages, embedder)
    return await asyncio.to_thread(points_of, passages, embeddings)


async def embed_texts(texts: Sequence[str], embedder: Embedder) -> list[Embedding]:
    """Embed in batches of texts of about one length; they come back in the texts' order.

    UTF-8 grows with what a text costs a model: a kanji, a token, takes three bytes.
    """
    by_length = sorted(range(len(texts)), key=lambda place: len(texts[place].encode()))
    batches = [
        by_length[start : start + _EMBED_BATCH] for start in range(0, len(by_length), _EMBED_BATCH)
    ]
    jobs = [
        Job(partial(embedder.embed_documents, [texts[place] for place in places]))
        for places in batches
    ]
    embeddings: dict[int, Embedding] = {}
    async with aclosing(in_order(jobs, at_once=_EMBED_AT_ONCE)) as embedded:
        for places in batches:
            embeddings.update(zip(places, await anext(embedded), strict=True))
    return [embeddings[place] for place in range(len(texts))]


def points_of(
    passages: Sequence[StoredPassage], embeddings: Sequence[Embedding | None]
) -> list[Point]:
    """Return the points of passages whose embeddings are known, in order; None for none."""
    return [
        _point(passage, _terms(passage), embedding)
        for passage, embedding in zip(passages, embeddings, strict=True)
    ]


async def embed_known(
    passages: Sequence[StoredPassage], embedder: Embedder
) -> Sequence[Embedding | None]:
    """Embed what the model knows the language of; a vector of the rest would stand for nothing.

    On the shared sets in one index, with a model for English, the rest took up half of what it
    found. A model that says nothing of languages is given all.
    """
    known = [passage for passage in passages if _is_known(passage.language, embedder.languages)]
    embeddings = iter(await embed_texts([passage.embedded_text for passage in known], embedder))
    return [
        next(embeddings) if _is_known(passage.language, embedder.languages) else None
        for passage in passages
    ]


def _is_known(language: str, languages: Collection[str]) -> bool:
    return not languages or MULTILINGUAL in languages or language in languages


def _point(passage: StoredPassage, terms: Terms, embedding: Embedding | None) -> Point:
    return Point(
        id=passage.id,
        dense=None if embedding is None else embedding.dense,
        sparse={**terms, **_learned(embedding)},
        payload=passage.payload(),
        colbert=None if embedding is None else embedding.colbert,
    )


def _learned(embedding: Embedding | None) -> Terms:
    if embedding is None or embedding.sparse is None:
        return {}
    return {"sparse": SparseVector(embedding.sparse.indices, embedding.sparse.values)}


def _terms(passage: StoredPassage) -> Terms:
    return encode_document(passage.lexical_text)


def _packed(terms: Terms) -> Terms:
    """Return the vectors in a tenth of the memory, as precise as a store keeps them."""
    return {
        name: SparseVector(array("I", vector.indices), array("f", vector.values))
        for name, vector in terms.items()
    }


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
        keywords=stored_tags(cut.keywords),
        **labels(cut.file, cut.keywords),
    )
