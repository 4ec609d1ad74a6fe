"""Index collections as the service does, search them as a caller does, and keep the rankings."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Collection as AnyCollection
from dataclasses import dataclass
from typing import Final, TypeVar

from contracts.principal import Principal
from evals.retrieval.collection import Collection
from evals.retrieval.measures import Rankings
from evals.retrieval.source import CollectionParser, file_id, sources_of
from rag.access import access_filter
from rag.indexer import Indexer
from rag.lexical import encode_query
from rag.models import IndexReport, SearchRequest
from rag.ports import Embedder, IndexRecords, KnownProject
from rag.rerank import Reranker
from rag.search import Search
from rag.store.port import AccessFilter, SparseVector, VectorQuery, VectorStore

T = TypeVar("T")

SHIPPED: Final = "hybrid"
MIXED: Final = "mixed"
PARTS: Final = ("words", "bigrams", "dense", "sparse")
DEPTH: Final = 100
"""Documents that a ranking may hold."""
_EVALUATOR: Final = Principal(id="evaluator", name="Evaluation", scopes=frozenset({"read"}))
_AT_ONCE: Final = 4
_LONGEST_QUERY: Final = 4000  # characters: the search takes no more

Tick = Callable[[int], None]
"""Told how many more steps are done."""


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
    """Collections in one store, searched by the shipped search and by each retriever alone."""

    store: VectorStore
    embedder: Embedder
    records: IndexRecords
    reranker: Reranker | None = None

    async def index(self, collection: Collection, tick: Tick) -> int:
        """Index every document; `tick` is told of them. Return how many could not be indexed."""
        indexer = Indexer(
            store=self.store,
            embedder=self.embedder,
            parser=CollectionParser(),
            records=self.records,
        )
        failed = 0
        for source in sources_of(collection):
            done = 0

            async def tell(report: IndexReport) -> None:
                nonlocal done
                tick(report.done - done)
                done = report.done

            failed += (await indexer.index(source, tell)).failed
        return failed

    async def search(self, collection: Collection, among: ReadableProjects, tick: Tick) -> Rankings:
        """Return what the shipped search finds for each query, in what `among` opens.

        Each document stands at the rank of its best passage, under its `file_id`.
        """
        search = Search(
            embedder=self.embedder, store=self.store, access=among, reranker=self.reranker
        )

        async def ranking(text: str) -> list[str]:
            request = SearchRequest(query=text, limit=DEPTH, group_by="file")
            answer = await search.search(_EVALUATOR, request)
            return list(dict.fromkeys(hit.file_id for hit in answer.hits))

        return await _for_each_query(collection, ranking, tick)

    async def search_parts(self, collection: Collection, tick: Tick) -> dict[str, Rankings]:
        """Return the same of each retriever alone, among the collection's own documents."""
        allowed = await access_filter(_EVALUATOR, None, ReadableProjects.of(collection))
        parts = [part for part in PARTS if part != "sparse" or "sparse" in self.embedder.outputs]

        async def rankings(text: str) -> dict[str, list[str]]:
            queries = await self._queries(text)
            found = await self.store.search(queries, access=allowed)
            return {
                asked.using: await self._documents(list(points), allowed)
                for asked, points in zip(queries, found, strict=True)
            }

        by_query = await _for_each_query(collection, rankings, tick)
        return {
            part: {query: each.get(part, []) for query, each in by_query.items()} for part in parts
        }

    async def _queries(self, text: str) -> list[VectorQuery]:
        """Return a query for each retriever that has something to ask."""
        embedded = await self.embedder.embed_query(text)
        queries = [
            VectorQuery(name, vector, DEPTH)
            for name, vector in encode_query(text).items()
            if vector.indices
        ]
        queries.append(VectorQuery("dense", embedded.dense, DEPTH))
        if embedded.sparse is not None and embedded.sparse.indices:
            queries.append(
                VectorQuery(
                    "sparse", SparseVector(embedded.sparse.indices, embedded.sparse.values), DEPTH
                )
            )
        return queries

    async def _documents(self, ids: Sequence[str], allowed: AccessFilter) -> list[str]:
        points = await self.store.fetch(ids, access=allowed)
        files = {point.id: str(point.payload["file_id"]) for point in points}
        return list(dict.fromkeys(files[id_] for id_ in ids))


async def _for_each_query(
    collection: Collection, ask: Callable[[str], Awaitable[T]], tick: Tick
) -> dict[str, T]:
    """Ask a few at a time, so that each core has something to do."""
    queries = list(collection.queries.items())
    answers: dict[str, T] = {}
    for start in range(0, len(queries), _AT_ONCE):
        batch = queries[start : start + _AT_ONCE]
        found = await asyncio.gather(*(ask(text[:_LONGEST_QUERY]) for _, text in batch))
        answers.update(zip((query for query, _ in batch), found, strict=True))
        tick(len(batch))
    return answers


def judged_files(collection: Collection) -> dict[str, dict[str, int]]:
    """Return the judgements by query id and `file_id`."""
    return {
        query: {file_id(collection.name, document): grade for document, grade in grades.items()}
        for query, grades in collection.judged.items()
    }
