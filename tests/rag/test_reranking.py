"""A reranker puts the best passages in its own order, and is missed in words when it fails."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from contracts.problems import ServiceUnreachable
from inference.fake import HashEmbedder
from rag.answer import Answerer
from rag.models import AskRequest, SearchAnswer, SearchRequest
from rag.phrases import ENGLISH, JAPANESE
from rag.rerank import Candidate
from rag.search import Search
from rag.store.edge import EdgeStore
from rag.store.port import AccessFilter
from tests.rag.shelves import Grants, shelve, someone

TEXTS = {f"{number:02}.md": f"alloy number {number} " + "x " * number for number in range(60)}


@dataclass
class _Longest:
    """Implements `rag.rerank.Reranker`: what is longest is best."""

    model: str = "longest"
    asked: list[Candidate] = field(default_factory=list[Candidate])

    async def scores(
        self, query: str, candidates: Sequence[Candidate], *, access: AccessFilter
    ) -> list[float]:
        assert (query, access) == ("alloy", AccessFilter(frozenset({"alloy"})))
        self.asked += candidates
        return [float(len(each.text)) for each in candidates]


class _Down(_Longest):
    async def scores(
        self, query: str, candidates: Sequence[Candidate], *, access: AccessFilter
    ) -> list[float]:
        reason = f"{len(candidates)} passages for {query} in {len(access.project_ids)} projects"
        raise ServiceUnreachable("The reranker", reason=reason)


@pytest.fixture
async def plain(edge_store: EdgeStore, embedder: HashEmbedder) -> Search:
    await shelve(edge_store, embedder, "alloy", TEXTS)
    access = Grants({"aoki": ("alloy",)})
    return Search(embedder=embedder, store=edge_store, access=access)


async def _answer(search: Search, query: str = "alloy", limit: int = 100) -> SearchAnswer:
    return await search.search(someone(), SearchRequest(query=query, limit=limit))


async def test_the_best_fifty_stand_in_the_rerankers_order(plain: Search) -> None:
    before = (await _answer(plain)).hits
    after = (await _answer(replace(plain, reranker=_Longest()))).hits
    assert {hit.path for hit in after[:50]} == {hit.path for hit in before[:50]}
    lengths = [len(hit.text) for hit in after[:50]]
    assert lengths == sorted(lengths, reverse=True)
    assert [hit.path for hit in after[50:]] == [hit.path for hit in before[50:]]


async def test_a_hit_tells_what_the_reranker_gave_it(plain: Search) -> None:
    hits = (await _answer(replace(plain, reranker=_Longest()))).hits
    assert [hit.parts.rerank for hit in hits[:50]] == sorted(
        (hit.parts.rerank or 0.0 for hit in hits[:50]), reverse=True
    )
    assert {hit.parts.rerank for hit in hits[50:]} == {None}
    assert all(hit.parts.words for hit in hits)


async def test_the_answer_names_the_reranker_only_where_it_helped(plain: Search) -> None:
    named = [
        (await _answer(replace(plain, reranker=each))).reranked_by
        for each in (_Longest(), _Down(), None)
    ]
    assert named == ["longest", None, None]


async def test_the_reranker_reads_what_stands_above_a_passage_too(plain: Search) -> None:
    reranker = _Longest()
    await _answer(replace(plain, reranker=reranker))
    assert all(each.text.startswith(tuple(TEXTS)) for each in reranker.asked)
    assert len(reranker.asked) == 50


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("alloy", ENGLISH.not_reranked),
        ("alloyの番号", JAPANESE.not_reranked),
    ],
)
async def test_one_that_fails_leaves_the_order_and_is_told(
    plain: Search, query: str, note: str
) -> None:
    answer = await _answer(replace(plain, reranker=_Down()), query)
    assert answer.hits == (await _answer(plain, query)).hits
    assert (answer.note or "").startswith(note.partition("{")[0])


async def test_an_answer_tells_it_too(plain: Search) -> None:
    asked = AskRequest(question="Which alloy has number 7?")
    search = replace(plain, reranker=_Down())
    answer = await Answerer(search=search, chat=None).ask(someone(), asked)
    assert (answer.note or "").startswith(ENGLISH.no_model)
    assert "the reranker did not help" in (answer.note or "")


async def test_pages_of_reranked_hits_are_the_ranking(plain: Search) -> None:
    search = replace(plain, reranker=_Longest())
    whole = (await _answer(search)).hits
    first = await _answer(search, limit=30)
    request = SearchRequest(query="alloy", limit=30, cursor=first.next_cursor)
    second = await search.search(someone(), request)
    assert [*first.hits, *second.hits] == whole
