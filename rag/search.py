"""Find passages among what the caller may see, a page at a time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Final

from contracts.principal import Principal
from contracts.problems import Problem
from rag.access import access_filter, still_allowed
from rag.fusion import Fused
from rag.highlights import highlight
from rag.models import Hit, Narrowing, SearchAnswer, SearchRequest, Span
from rag.pages import Shown, cursor_after, shown_before
from rag.passages import StoredPassage, stored_passage
from rag.phrases import phrases_for
from rag.ports import Embedder, ProjectAccess
from rag.rerank import Candidate, Reranker
from rag.retrieve import Retriever
from rag.selection import Found, choose, marks_of
from rag.store.port import AccessFilter, PassageFilter, StoredPoint, VectorStore

_RERANKED: Final = 50
_FEW_CHARACTERS: Final = 20_000  # highlighted in about a millisecond


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Hybrid search. Without its embedding model it fails rather than rank by words alone.

    A reranker, where there is one, reads the best 50 passages again; one that fails is told in the
    answer's note, and the passages stay in the order in which they were found.
    """

    embedder: Embedder
    store: VectorStore
    access: ProjectAccess
    reranker: Reranker | None = None

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:
        """Return the best passages among the projects that `principal` may read.

        Each page is found anew, so that a cursor gives no right to anything: what may be read is
        asked at its beginning and again once its hits are known.

        Raises:
            NotAllowed: the key lacks the scope `read`.
            ProjectUnknown: a requested project is not there or not readable.
            CursorUnfit: the cursor is none, or of another search.
            ServiceUnreachable: the embedding model or the store does not answer.
        """
        started = perf_counter()
        allowed = await access_filter(principal, request.projects, self.access)
        shown = shown_before(request)
        passages = _Passages(self.store, allowed)
        page = await self._page(request, shown, passages) if allowed.project_ids else _Page()
        readable = await self.still_readable(principal, page.hits)
        hits = [hit for hit in page.hits if hit.project_id in readable]
        note = page.note if hits else await self._note(request.query, allowed)
        took_ms = (perf_counter() - started) * 1000
        return SearchAnswer(
            query=request.query,
            hits=_numbered(hits, after=shown.hits),
            next_cursor=_next_cursor(request, shown, page, readable),
            reranked_by=self._reranked_by(hits),
            note=note,
            took_ms=round(took_ms, 2),
        )

    def _reranked_by(self, hits: Sequence[Hit]) -> str | None:
        if self.reranker is None or all(hit.parts.rerank is None for hit in hits):
            return None
        return self.reranker.model

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

    async def _page(self, request: SearchRequest, shown: Shown, passages: "_Passages") -> "_Page":
        retriever = Retriever(embedder=self.embedder, store=self.store)
        ranked = await retriever.rank(
            request.query,
            access=passages.access,
            only=passage_filter(request),
            read=_RERANKED if self.reranker is not None else _step(request, shown),
        )
        passages.add(ranked.best)
        ranking: Sequence[Fused] = ranked.ranking
        note = None
        if self.reranker is not None:
            ranking, note = await _reranked(request.query, ranking, passages, self.reranker)
        groups = await _groups(request, shown, ranking, passages)
        page = groups[: request.limit]
        found = [each for group in page for each in group]
        hits = await _hits(request, found, passages)
        return _Page(hits=hits, groups=page, is_last=len(groups) == len(page), note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    hits: Sequence[Hit] = ()
    groups: Sequence[Sequence[Found]] = ()
    is_last: bool = True
    note: str | None = None


@dataclass(frozen=True, slots=True)
class _Passages:
    """What may be seen of the store, each passage fetched once."""

    store: VectorStore
    access: AccessFilter
    _known: dict[str, StoredPassage | None] = field(default_factory=dict[str, StoredPassage | None])

    def add(self, points: Sequence[StoredPoint]) -> None:
        """Remember passages that were fetched with `access`."""
        self._known.update((point.id, stored_passage(point.payload)) for point in points)

    async def get(self, ids: Sequence[str]) -> dict[str, StoredPassage]:
        """Return passages by id, in the order of `ids`, without those replaced since found."""
        unknown = [id_ for id_ in ids if id_ not in self._known]
        if unknown:
            self._known.update(dict.fromkeys(unknown))
            self.add(await self.store.fetch(unknown, access=self.access))
        found = ((id_, self._known[id_]) for id_ in ids)
        return {id_: passage for id_, passage in found if passage is not None}


def passage_filter(request: Narrowing) -> PassageFilter:
    """Return what a request is narrowed to, projects apart: those are a matter of access."""
    prefixes = frozenset(request.paths)
    return PassageFilter(
        file_types=frozenset(request.file_types),
        languages=frozenset(request.languages),
        tags=frozenset(request.tags),
        path_prefixes=frozenset() if "" in prefixes else prefixes,  # every path begins with it
        modified_from=request.modified_from,
        modified_before=request.modified_before,
    )


async def _reranked(
    query: str, ranking: Sequence[Fused], passages: _Passages, reranker: Reranker
) -> tuple[list[Fused], str | None]:
    """Return the ranking with the best of it in the reranker's order, or why it is as it was."""
    best, rest = ranking[:_RERANKED], ranking[_RERANKED:]
    texts = await passages.get([fused.id for fused in best])
    present = [fused for fused in best if fused.id in texts]
    candidates = [Candidate(each.id, texts[each.id].embedded_text) for each in present]
    try:
        scores = await reranker.scores(query, candidates, access=passages.access)
    except Problem as problem:
        return list(ranking), phrases_for(query).without_reranker(problem)
    scored = [
        replace(fused, parts={**fused.parts, "rerank": score})
        for fused, score in zip(present, scores, strict=True)
    ]
    return [*sorted(scored, key=lambda fused: fused.parts["rerank"], reverse=True), *rest], None


async def _groups(
    request: SearchRequest, shown: Shown, ranking: Sequence[Fused], passages: _Passages
) -> list[list[Found]]:
    """Return what may be shown, from the best on: what fills a page, and more if there is more.

    Of files, all is looked at: which passages are their best, the last one may tell.
    """
    step = len(ranking) if request.group_by else _step(request, shown)
    found: list[Found] = []
    groups: list[list[Found]] = []
    looked_at = 0
    while looked_at < len(ranking) and len(groups) <= request.limit:
        some = ranking[looked_at : looked_at + step]
        looked_at += step
        present = await passages.get([fused.id for fused in some])
        found += [Found(fused, present[fused.id]) for fused in some if fused.id in present]
        groups = choose(found, request, shown.marks)
        step *= 2  # so that many copies cost few rounds
    return groups


def _step(request: SearchRequest, shown: Shown) -> int:
    """Return how many passages fill a page, tell that there is more, and are left out as shown."""
    return request.limit + 1 + len(shown.marks)


async def _hits(request: SearchRequest, found: Sequence[Found], passages: _Passages) -> list[Hit]:
    """Return hits with their highlights, and with their neighbours where those are asked for."""
    if not found:
        return []
    around = {each.fused.id: _around(each.passage, request.neighbours) for each in found}
    if request.neighbours:
        await passages.get([id_ for ids in around.values() for side in ids for id_ in side])
    marked = await _highlighted(request.query, [each.passage.text for each in found])
    hits: list[Hit] = []
    for number, (each, spans) in enumerate(zip(found, marked, strict=True), 1):
        before, after = [
            [passage.as_passage() for passage in (await passages.get(ids)).values()]
            for ids in around[each.fused.id]
        ]
        hit = each.passage.as_hit(number, each.fused, highlights=spans, before=before, after=after)
        hits.append(hit)
    return hits


async def _highlighted(query: str, texts: Sequence[str]) -> list[list[Span]]:
    """Return where texts have what is asked for; for a few, a thread would take longer."""
    if sum(map(len, texts)) <= _FEW_CHARACTERS:
        return highlight(query, texts)
    return await asyncio.to_thread(highlight, query, texts)


def _around(passage: StoredPassage, neighbours: int) -> tuple[list[str], list[str]]:
    """Return the ids of the passages before and after one in its version of the file."""
    ids = passage.neighbours(before=neighbours, after=neighbours)
    at = ids.index(passage.id)
    return ids[:at], ids[at + 1 :]


def _numbered(hits: Sequence[Hit], *, after: int) -> list[Hit]:
    """Return the hits that are left, numbered on without a gap: a gap would tell of others."""
    return [hit.model_copy(update={"number": number}) for number, hit in enumerate(hits, after + 1)]


def _next_cursor(
    request: SearchRequest, shown: Shown, page: _Page, readable: frozenset[str]
) -> str | None:
    """Return where to go on; a page of which nothing was left leads no further."""
    groups = [each for each in page.groups if each[0].passage.project_id in readable]
    if page.is_last or not groups:
        return None
    marks = {mark for group in groups for mark in marks_of(group, request)}
    return cursor_after(request, shown.and_also(marks, hits=sum(map(len, groups))))
