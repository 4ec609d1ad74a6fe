"""From a query to ranked passages: what is alike and what uses the same words, in one ranking."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from rag.feedback import Vectors
from rag.fusion import shares
from rag.hybrid import queries_of
from rag.language import known_share
from rag.lexical import encode_query
from rag.ports import Embedder
from rag.store.port import (
    ANY,
    AccessFilter,
    HybridQuery,
    PassageFilter,
    Ranked,
    SparseVector,
    VectorStore,
)
from rag.tokens import japanese


@dataclass(frozen=True, slots=True, kw_only=True)
class Retriever:
    """Hybrid retrieval. Without its embedding model it fails rather than rank by words alone."""

    embedder: Embedder
    store: VectorStore

    async def rank(
        self, query: str, *, access: AccessFilter, only: PassageFilter = ANY, read: int = 0
    ) -> Ranked:
        """Return the passages that fit, best first: up to 100 of each retriever; the best are read.

        The embedding model is asked what it understands alone; the words are looked up meanwhile.

        Raises:
            ServiceUnreachable: the embedding model or the store does not answer.
        """
        known = known_share(query, self.embedder.languages)
        vectors: Vectors
        found: Mapping[str, Mapping[str, float]] = {}
        if known:
            meant, (terms, found) = await asyncio.gather(
                self._meant(query), self._worded(query, access, only)
            )
            vectors = {**terms, **meant}
        else:
            vectors = await _terms(query)
        weights = shares(known, asked=vectors.keys())
        asked = HybridQuery(vectors=vectors, weights=weights, found=found, read=read)
        return await self.store.rank(asked, access=access, only=only)

    async def _meant(self, query: str) -> Vectors:
        """Return what the embedding model makes of a query."""
        embedding = await self.embedder.embed_query(query)
        learned = embedding.sparse
        if learned is None or not learned.indices:
            return {"dense": embedding.dense}
        return {
            "sparse": SparseVector(learned.indices, learned.values),
            "dense": embedding.dense,
        }

    async def _worded(
        self, query: str, access: AccessFilter, only: PassageFilter
    ) -> tuple[Vectors, dict[str, dict[str, float]]]:
        """Return the terms of a query, and the scores of what has them."""
        terms = await _terms(query)
        scores = await self.store.search(queries_of(terms), access=access, only=only)
        return terms, dict(zip(terms, scores, strict=True))


async def _terms(query: str) -> dict[str, SparseVector]:
    """Return those vectors of the terms of a query that have any."""
    # A thread would take longer than the terms, but for the first query in Japanese.
    is_quick = japanese.is_loaded()
    vectors = encode_query(query) if is_quick else await asyncio.to_thread(encode_query, query)
    return {name: vector for name, vector in vectors.items() if vector.indices}
