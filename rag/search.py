"""Find passages: what may be seen, what is alike, what uses the same words, in one ranking."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from contracts.principal import Principal
from rag.access import access_filter, still_allowed
from rag.fusion import Fused, fuse_scores, shares
from rag.language import guess_language
from rag.lexical import encode_query
from rag.models import Hit, SearchAnswer, SearchRequest
from rag.passages import stored_passage
from rag.phrases import phrases_for
from rag.ports import Embedder, ProjectAccess
from rag.store.port import AccessFilter, VectorQuery, VectorStore

_CANDIDATES: Final = 100  # of each retriever; the evaluations fuse as many


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Hybrid search. Without its embedding model it fails rather than rank by words alone."""

    embedder: Embedder
    store: VectorStore
    access: ProjectAccess

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:
        """Return the best passages among the projects that `principal` may read.

        Raises:
            NotAllowed: the key lacks the scope `read`.
            ProjectUnknown: a requested project is not there or not readable.
            ServiceUnreachable: the embedding model or the store does not answer.
        """
        started = perf_counter()
        allowed = await access_filter(principal, request.projects, self.access)
        found = await self._find(request, allowed) if allowed.project_ids else []
        readable = await self.still_readable(principal, found)
        hits = [hit for hit in found if hit.project_id in readable]
        note = None if hits else await self._note(request.query, allowed)
        took_ms = (perf_counter() - started) * 1000
        return SearchAnswer(
            query=request.query, hits=_numbered(hits), note=note, took_ms=round(took_ms, 2)
        )

    async def still_readable(self, principal: Principal, hits: Sequence[Hit]) -> frozenset[str]:
        """Return those projects of `hits` that `principal` may read now, asked anew."""
        return await still_allowed(principal, {hit.project_id for hit in hits}, self.access)

    async def _note(self, query: str, allowed: AccessFilter) -> str | None:
        """Say why nothing could be found, where that is not for the query."""
        phrases = phrases_for(query)
        if not allowed.project_ids:
            return phrases.nothing_readable
        if await self.store.count(access=allowed):
            return None
        return phrases.nothing_indexed.format(model=self.embedder.model)

    async def _find(self, request: SearchRequest, allowed: AccessFilter) -> list[Hit]:
        # In a thread, because the first query in Japanese loads a dictionary.
        encoded = await asyncio.to_thread(encode_query, request.query)
        terms = {name: vector for name, vector in encoded.items() if vector.indices}
        weights = shares(
            guess_language(request.query), lexical=terms.keys(), trusted=self.embedder.languages
        )
        queries = [VectorQuery(name, vector, _CANDIDATES) for name, vector in terms.items()]
        if "dense" in weights:
            dense = await self.embedder.embed_query(request.query)
            queries.append(VectorQuery("dense", dense, _CANDIDATES))
        rankings = await self.store.search(queries, access=allowed)
        found = {
            query.using: {point.id: point.score for point in ranking}
            for query, ranking in zip(queries, rankings, strict=True)
        }
        return await self._hits(fuse_scores(found, weights)[: request.limit], allowed)

    async def _hits(self, ranking: list[Fused], allowed: AccessFilter) -> list[Hit]:
        """Fetch the passages; one that was replaced since it was found is left out."""
        points = await self.store.fetch([fused.id for fused in ranking], access=allowed)
        passages = {point.id: stored_passage(point.payload) for point in points}
        present = [fused for fused in ranking if fused.id in passages]
        return [passages[fused.id].as_hit(number, fused) for number, fused in enumerate(present, 1)]


def _numbered(hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits that are left, numbered from 1 without a gap: a gap would tell of others."""
    return [hit.model_copy(update={"number": number}) for number, hit in enumerate(hits, 1)]
