"""Index collections as the service does, search them as a caller does, and measure."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Collection as AnyCollection
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from connectors.ports import SourceFile
from contracts.principal import Principal
from evals.retrieval.collection import Collection, Document
from evals.retrieval.measures import ndcg
from evals.retrieval.peers import WhitespaceBm25, fuse_ranks
from rag.access import access_filter
from rag.ingest import cut_document, embed_passages
from rag.lexical import encode_query
from rag.models import Anchor, SearchRequest
from rag.parsing.document import ParsedDocument, Piece
from rag.ports import Embedder, KnownProject
from rag.search import Search
from rag.store.port import Point, SparseVector, VectorQuery, VectorStore

_EVALUATOR: Final = Principal(id="evaluator", name="Evaluation", scopes=frozenset({"read"}))
_DEPTH: Final = 100
_UPSERT_BATCH: Final = 256
_PARTS: Final = ("words", "bigrams", "dense")


@dataclass(frozen=True, slots=True)
class ReadableProjects:
    """Implements `rag.ports.ProjectAccess`: the evaluator may read these projects."""

    project_ids: frozenset[str]

    @classmethod
    def of(cls, *collections: Collection) -> "ReadableProjects":
        """Return access to every document of `collections`."""
        return cls(
            frozenset(each.project for collection in collections for each in collection.documents)
        )

    async def readable_projects(
        self, principal: Principal, among: AnyCollection[str] | None = None
    ) -> list[KnownProject]:
        readable = self.project_ids if principal == _EVALUATOR else frozenset[str]()
        if among is not None:
            readable = readable.intersection(among)
        return [KnownProject(project, project, None) for project in sorted(readable)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Collections in one store, searched by each retriever alone and by the shipped search."""

    store: VectorStore
    embedder: Embedder

    async def index(self, collection: Collection, tick: Callable[[], None]) -> None:
        """Cut, embed and store every document; `tick` is called after each."""
        batch: list[Point] = []
        for document in collection.documents:
            file, parsed = _as_file(document)
            cut = await asyncio.to_thread(cut_document, file, parsed, self.embedder)
            batch += await embed_passages(document.project, cut, self.embedder)
            if len(batch) >= _UPSERT_BATCH:
                await self.store.upsert(batch)
                batch = []
            tick()
        await self.store.upsert(batch)
        await self.store.flush()

    async def measure(
        self, collection: Collection, access: ReadableProjects, tick: Callable[[], None]
    ) -> dict[str, float]:
        """Return the mean nDCG@10 of the shipped search, of its parts, and of named peers.

        `hybrid` is the search; `words`, `bigrams` and `dense` are what it merges; the peers are
        equal-weight rank fusion of words and embeddings, and BM25 over words between spaces.
        Documents outside `collection` that `access` opens may be found too, but by the last one.
        """
        search = Search(embedder=self.embedder, store=self.store, access=access)
        spaces = WhitespaceBm25({each.id: each.whole_text for each in collection.documents})
        gains: dict[str, list[float]] = defaultdict(list)
        for query, text in collection.queries.items():
            parts = {name: await self._part(name, text, access) for name in _PARTS}
            rankings = {
                "hybrid": await _hybrid(search, text),
                **parts,
                "equal RRF": fuse_ranks([parts["words"], parts["dense"]]),
                "whitespace BM25": spaces.rank(text),
            }
            for name, ranking in rankings.items():
                gains[name].append(ndcg(ranking, collection.judged.get(query, {})))
            tick()
        return {name: fmean(each) for name, each in gains.items()}

    async def _part(self, name: str, query: str, access: ReadableProjects) -> list[str]:
        """Return what one retriever finds, each document at the rank of its best passage."""
        vector: SparseVector | Sequence[float]
        if name == "dense":
            vector = await self.embedder.embed_query(query)
        else:
            vector = encode_query(query)[name]
            if not vector.indices:
                return []
        allowed = await access_filter(_EVALUATOR, None, access)
        [found] = await self.store.search([VectorQuery(name, vector, _DEPTH)], access=allowed)
        points = await self.store.fetch([point.id for point in found], access=allowed)
        files = {point.id: str(point.payload["file_id"]) for point in points}
        return list(dict.fromkeys(files[point.id] for point in found))


async def _hybrid(search: Search, query: str) -> list[str]:
    answer = await search.search(_EVALUATOR, SearchRequest(query=query, limit=_DEPTH))
    return list(dict.fromkeys(hit.file_id for hit in answer.hits))


def _as_file(document: Document) -> tuple[SourceFile, ParsedDocument]:
    """Return a document as the parser would: its text in one piece."""
    file = SourceFile(
        file_id=document.id,
        path=document.id,
        size=len(document.text),
        version="1",
        modified=None,
    )
    piece = Piece(kind="text", text=document.text, anchor=Anchor())
    return file, ParsedDocument(title=document.title, media_type="text/plain", pieces=[piece])
