"""Which passages are ranked for a query: by words, by similarity, by what was found first."""

import pytest

from inference.embedding import Embedding
from inference.fake import HashEmbedder
from rag.fusion import Fused
from rag.retrieve import Retriever
from rag.store.edge import EdgeStore
from rag.store.port import ANY, AccessFilter, PassageFilter
from tests.rag.shelves import AllLanguagesEmbedder, shelve

OURS = AccessFilter(frozenset({"alloy"}))
TEXTS = {
    "creep.txt": "Creep of magnesium is governed by dislocation climb.",
    "climb.md": "Dislocation climb needs vacancies.",
    "yeast.txt": "Yeast ferments sugar.",
}


class _Watched(AllLanguagesEmbedder):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def embed_query(self, text: str) -> Embedding:
        self.asked.append(text)
        return await super().embed_query(text)


async def _rank(
    store: EdgeStore, embedder: HashEmbedder, query: str, only: PassageFilter = ANY
) -> dict[str, Fused]:
    """Shelve the texts, and return what is found for a query, by path."""
    points = await shelve(store, embedder, "alloy", TEXTS)
    points += await shelve(store, embedder, "secret", {"plan.txt": "Creep by dislocation glide."})
    paths = {point.id: str(point.payload["path"]) for point in points}
    ranked = await Retriever(embedder=embedder, store=store).rank(query, access=OURS, only=only)
    return {paths[each.id]: each for each in ranked.ranking}


@pytest.mark.parametrize("query", ["AZ91", "24 h", "XRD"])
async def test_names_are_looked_up_without_the_model(edge_store: EdgeStore, query: str) -> None:
    embedder = _Watched()
    await _rank(edge_store, embedder, query)
    assert embedder.asked == []


async def test_words_alone_find_what_has_them(edge_store: EdgeStore) -> None:
    assert (await _rank(edge_store, HashEmbedder(), "Creep")).keys() == {"creep.txt"}


async def test_what_the_best_passages_say_finds_more(edge_store: EdgeStore) -> None:
    """`climb.md` has no word of the query, but words of the passage that answers it."""
    found = await _rank(edge_store, _Watched(), "What governs creep of magnesium?")
    assert list(found)[:2] == ["creep.txt", "climb.md"]
    assert "words" in found["climb.md"].parts


async def test_feedback_brings_nothing_from_outside_the_filters(edge_store: EdgeStore) -> None:
    text_files = PassageFilter(file_types=frozenset({"txt"}))
    found = await _rank(edge_store, _Watched(), "What governs creep of magnesium?", text_files)
    assert found.keys() == {"creep.txt", "yeast.txt"}


async def test_the_model_is_asked_once(edge_store: EdgeStore) -> None:
    embedder = _Watched()
    await _rank(edge_store, embedder, "What governs creep?")
    assert embedder.asked == ["What governs creep?"]


async def test_a_query_without_any_word_finds_nothing_without_a_model(
    edge_store: EdgeStore,
) -> None:
    assert await _rank(edge_store, HashEmbedder(), "the of?") == {}
