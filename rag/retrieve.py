"""From a query to ranked passages: what is alike and what uses the same words, in one ranking."""

import asyncio
from dataclasses import dataclass
from typing import Final

from rag.feedback import Vectors, say, with_feedback
from rag.fusion import Fused, fuse_scores, shares
from rag.language import known_share
from rag.lexical import encode_query
from rag.ports import Embedder
from rag.store.port import (
    ANY,
    AccessFilter,
    PassageFilter,
    SparseVector,
    VectorQuery,
    VectorStore,
)

_CANDIDATES: Final = 100  # of each retriever; the evaluations fuse as many

Found = dict[str, dict[str, float]]
"""Scores by the name of the vector and by passage id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retriever:
    """Hybrid retrieval. Without its embedding model it fails rather than rank by words alone."""

    embedder: Embedder
    store: VectorStore

    async def rank(
        self, query: str, *, access: AccessFilter, only: PassageFilter = ANY
    ) -> list[Fused]:
        """Return the passages that fit, best first: up to 100 of each retriever.

        Where the embedding model understands the query, the best passages are heard on it, and the
        store is asked a second time with what they say.

        Raises:
            ServiceUnreachable: the embedding model or the store does not answer.
        """
        known = known_share(query, self.embedder.languages)
        vectors, found = await self._first(query, access, only, understood=known > 0)
        weights = shares(known, asked=vectors.keys())
        ranking = fuse_scores(found, weights)
        if "dense" not in vectors or not ranking:
            return ranking
        heard = say(ranking)
        passages = await self.store.vectors(list(heard), access=access)
        second = await self._found(with_feedback(vectors, passages, heard), access, only)
        return fuse_scores({**found, **second}, weights)

    async def _first(
        self, query: str, access: AccessFilter, only: PassageFilter, *, understood: bool
    ) -> tuple[Vectors, Found]:
        """Return the query's vectors and what they find; the words are looked up meanwhile.

        The embedding model is asked what it understands alone.
        """
        # In a thread, because the first query in Japanese loads a dictionary.
        terms = _with_terms(await asyncio.to_thread(encode_query, query))
        if not understood:
            return terms, await self._found(terms, access, only)
        (meant, alike), same_words = await asyncio.gather(
            self._alike(query, access, only), self._found(terms, access, only)
        )
        return {**terms, **meant}, {**same_words, **alike}

    async def _alike(
        self, query: str, access: AccessFilter, only: PassageFilter
    ) -> tuple[Vectors, Found]:
        embedding = await self.embedder.embed_query(query)
        learned = embedding.sparse
        vectors: Vectors = {"dense": embedding.dense}
        if learned is not None and learned.indices:
            sparse = SparseVector(learned.indices, learned.values)
            vectors = {"sparse": sparse, **vectors}
        return vectors, await self._found(vectors, access, only)

    async def _found(self, vectors: Vectors, access: AccessFilter, only: PassageFilter) -> Found:
        """Return the scores of what is nearest to each vector."""
        queries = [VectorQuery(name, vector, _CANDIDATES) for name, vector in vectors.items()]
        rankings = await self.store.search(queries, access=access, only=only)
        return {
            query.using: {point.id: point.score for point in ranking}
            for query, ranking in zip(queries, rankings, strict=True)
        }


def _with_terms(vectors: dict[str, SparseVector]) -> dict[str, SparseVector]:
    return {name: vector for name, vector in vectors.items() if vector.indices}
