"""Search over a small shelf, through the real store."""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from contracts.problems import NotAllowed, ServiceUnreachable
from inference.embedding import Embedding
from inference.fake import HashEmbedder
from rag.models import Hit, SearchRequest
from rag.phrases import ENGLISH, JAPANESE
from rag.problems import ProjectUnknown
from rag.search import Search
from rag.store.edge import EdgeStore
from rag.store.port import ANY, AccessFilter, HybridQuery, PassageFilter, Ranked
from tests.rag.shelves import AllLanguagesEmbedder, Grants, shelve, someone

ALLOY = {
    "report.md": "AZ91合金の溶体化処理は415 °Cで24時間行った。\n\n時効は170 °Cで16時間。",
    "notes.txt": "Hardness of sample A-12 after ageing was 92 HV.",
}
VEDA = {"hymn.txt": "अग्निमीळे पुरोहितं यज्ञस्य देवमृत्विजम्"}
SECRET = {"plan.txt": "溶体化処理の条件は秘密である。"}
GRANTS = Grants({"aoki": ("alloy", "veda")})


@pytest.fixture
async def search(edge_store: EdgeStore, embedder: HashEmbedder) -> Search:
    for project, texts in {"alloy": ALLOY, "veda": VEDA, "secret": SECRET}.items():
        await shelve(edge_store, embedder, project, texts)
    return Search(embedder=embedder, store=edge_store, access=GRANTS)


async def _hits(search: Search, query: str, **options: object) -> list[Hit]:
    request = SearchRequest.model_validate({"query": query, **options})
    return (await search.search(someone(), request)).hits


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("溶体化処理の温度", "report.md"),
        ("hardness of A12", "notes.txt"),
        ("अग्निमीळे", "hymn.txt"),
        ("ＡＺ９１", "report.md"),
    ],
)
async def test_the_passage_with_the_words_is_found(search: Search, query: str, path: str) -> None:
    assert (await _hits(search, query))[0].path == path


async def test_a_hit_can_be_traced_to_its_place(search: Search) -> None:
    [hit] = await _hits(search, "hardness")
    assert (hit.number, hit.project_id, hit.file_id, hit.path, hit.version, hit.title) == (
        1,
        "alloy",
        "notes.txt",
        "notes.txt",
        "1",
        "notes.txt",
    )
    assert hit.text == ALLOY["notes.txt"][hit.anchor.start : hit.anchor.end]
    assert hit.embedding_model == HashEmbedder().model
    assert hit.score == 1.0
    assert (hit.parts.dense, hit.parts.bigrams) == (None, None)
    assert hit.parts.words is not None
    assert hit.parts.words > 0


async def test_what_the_caller_may_not_read_is_not_found(search: Search) -> None:
    hits = await _hits(search, "溶体化処理の条件は秘密である")
    assert {hit.project_id for hit in hits} == {"alloy"}


async def test_a_search_may_be_narrowed_to_a_project(search: Search) -> None:
    assert await _hits(search, "溶体化処理", projects=["veda"]) == []
    assert await _hits(search, "溶体化処理", projects=[]) == []
    assert await _hits(search, "溶体化処理", projects=["alloy"]) != []


async def test_a_project_that_may_not_be_read_is_unknown(search: Search) -> None:
    with pytest.raises(ProjectUnknown):
        await _hits(search, "溶体化処理", projects=["secret"])


async def test_a_key_without_the_scope_may_not_search(search: Search) -> None:
    with pytest.raises(NotAllowed):
        await search.search(someone("aoki", "agents"), SearchRequest(query="hardness"))


async def test_whoever_may_read_nothing_finds_nothing(search: Search) -> None:
    answer = await search.search(someone("stranger"), SearchRequest(query="hardness"))
    assert (answer.query, answer.hits) == ("hardness", [])
    assert answer.note == ENGLISH.nothing_readable


async def test_a_search_over_projects_without_an_index_says_so(edge_store: EdgeStore) -> None:
    search = Search(embedder=HashEmbedder(), store=edge_store, access=GRANTS)
    answer = await search.search(someone(), SearchRequest(query="溶体化処理"))
    assert answer.hits == []
    assert answer.note == JAPANESE.nothing_indexed.format(model=HashEmbedder().model)


async def test_a_search_that_finds_nothing_in_an_index_has_nothing_to_add(search: Search) -> None:
    answer = await search.search(someone(), SearchRequest(query="zzzz"))
    assert (answer.hits, answer.note) == ([], None)


@pytest.mark.parametrize("query", ["?!", " ", "the of", "zzzz"])
async def test_a_query_that_matches_nothing_has_no_hits(search: Search, query: str) -> None:
    assert await _hits(search, query) == []


async def test_no_more_hits_than_asked_for(search: Search) -> None:
    assert [hit.number for hit in await _hits(search, "°C 溶体化処理 hardness", limit=2)] == [1, 2]


async def test_a_model_that_knows_the_language_adds_its_similarity(edge_store: EdgeStore) -> None:
    embedder = AllLanguagesEmbedder()
    await shelve(edge_store, embedder, "alloy", ALLOY)
    search = Search(embedder=embedder, store=edge_store, access=GRANTS)
    hits = await _hits(search, "時効の時間")
    assert all(hit.parts.dense is not None for hit in hits)
    assert hits[0].parts.words is not None


class _Down(AllLanguagesEmbedder):
    async def embed_query(self, text: str) -> Embedding:
        raise ServiceUnreachable("The embedding model", reason=f"{len(text)} characters for nobody")


async def test_without_its_embedding_model_a_search_fails_instead_of_guessing(
    edge_store: EdgeStore,
) -> None:
    search = Search(embedder=_Down(), store=edge_store, access=GRANTS)
    with pytest.raises(ServiceUnreachable):
        await _hits(search, "時効の時間")


class _Revoking(EdgeStore):
    """A store in which reading a passage ends the right to read its project."""

    grants: ClassVar[dict[str, tuple[str, ...]]] = {}

    async def rank(
        self, query: HybridQuery, *, access: AccessFilter, only: PassageFilter = ANY
    ) -> Ranked:
        ranked = await super().rank(query, access=access, only=only)
        self.grants["aoki"] = ("veda",)
        return ranked


async def test_what_may_no_longer_be_read_when_it_was_found_is_left_out(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    store = await _Revoking.open(tmp_path, model=embedder.model, dimensions=embedder.dimensions)
    store.grants["aoki"] = ("alloy", "veda")
    await shelve(store, embedder, "alloy", ALLOY)
    await shelve(store, embedder, "veda", {"alloys.txt": "Hardness of bronze."})
    search = Search(embedder=embedder, store=store, access=Grants(store.grants))
    hits = await _hits(search, "hardness of sample A-12")
    assert [(hit.number, hit.project_id) for hit in hits] == [(1, "veda")]
    await store.close()


class _ReplacedMeanwhile(EdgeStore):
    """A store in which a file is indexed anew between the search and the fetching of its hits."""

    async def rank(
        self, query: HybridQuery, *, access: AccessFilter, only: PassageFilter = ANY
    ) -> Ranked:
        ranked = await super().rank(query, access=access, only=only)
        await self.delete_file("alloy", "report.md")
        return replace(ranked, best=())


async def test_a_passage_that_was_replaced_meanwhile_is_left_out(
    tmp_path: Path, embedder: HashEmbedder
) -> None:
    store = await _ReplacedMeanwhile.open(
        tmp_path, model=embedder.model, dimensions=embedder.dimensions
    )
    await shelve(store, embedder, "alloy", ALLOY)
    search = Search(embedder=embedder, store=store, access=GRANTS)
    hits = await _hits(search, "溶体化処理 ageing")
    assert [(hit.number, hit.path) for hit in hits] == [(1, "notes.txt")]
    await store.close()
