"""Late interaction over the vectors of each token that lie in the store."""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from inference.embedding import ALL_OUTPUTS
from inference.fake import HashEmbedder
from rag.problems import NoTokenVectors
from rag.rerank import Candidate, ColbertReranker, TextReranker
from rag.store.edge import EdgeStore
from rag.store.port import AccessFilter
from rag.store.schema import Extras
from tests.rag.shelves import shelve

EMBEDDER = HashEmbedder(outputs=ALL_OUTPUTS)
ALLOY = AccessFilter(frozenset({"alloy"}))
TEXTS = {
    "near.md": "hardness of steel",
    "half.md": "hardness of bread",
    "far.md": "祭式の韻律",
}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[EdgeStore]:
    store = await EdgeStore.open(
        tmp_path,
        model=EMBEDDER.model,
        dimensions=EMBEDDER.dimensions,
        extras=Extras(sparse=True, colbert_dimensions=EMBEDDER.dimensions),
    )
    yield store
    await store.close()


async def _shelved(store: EdgeStore) -> dict[str, Candidate]:
    points = await shelve(store, EMBEDDER, "alloy", TEXTS)
    return {point.payload["path"]: Candidate(point.id, "") for point in points}


def _nearness(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


async def test_each_word_of_the_query_counts_by_what_it_is_nearest_to(store: EdgeStore) -> None:
    passages = await _shelved(store)
    candidates = [passages[path] for path in ("far.md", "near.md", "half.md")]
    reranker = ColbertReranker(embedder=EMBEDDER, store=store)
    far, near, half = await reranker.scores("steel hardness", candidates, access=ALLOY)
    assert near == pytest.approx(1.0, abs=1e-3)
    assert near > half > far


async def test_the_score_is_the_mean_of_the_greatest_similarities(store: EdgeStore) -> None:
    candidate = (await _shelved(store))["half.md"]
    reranker = ColbertReranker(embedder=EMBEDDER, store=store)
    (score,) = await reranker.scores("steel hardness", [candidate], access=ALLOY)
    query = (await EMBEDDER.embed_query("steel hardness")).colbert or []
    text = (await EMBEDDER.embed_query("half.md\n\nhardness of bread")).colbert or []
    expected = [max(_nearness(word, token) for token in text) for word in query]
    assert score == pytest.approx(sum(expected) / 2, abs=1e-2)


async def test_what_may_not_be_read_gets_the_least(store: EdgeStore) -> None:
    passages = await _shelved(store)
    (other,) = await shelve(store, EMBEDDER, "secret", {"s.md": "steel hardness"})
    candidates = [Candidate(other.id, ""), passages["far.md"]]
    reranker = ColbertReranker(embedder=EMBEDDER, store=store)
    hidden, seen = await reranker.scores("steel hardness", candidates, access=ALLOY)
    assert hidden == -1.0 < seen


async def test_no_candidates_ask_nobody(store: EdgeStore) -> None:
    plain = ColbertReranker(embedder=HashEmbedder(), store=store)
    assert await plain.scores("steel", [], access=ALLOY) == []


async def test_a_model_without_such_vectors_says_so(store: EdgeStore) -> None:
    candidates = list((await _shelved(store)).values())
    reranker = ColbertReranker(embedder=HashEmbedder(), store=store)
    with pytest.raises(NoTokenVectors):
        await reranker.scores("steel", candidates, access=ALLOY)


async def test_passages_without_such_vectors_are_told(store: EdgeStore) -> None:
    (point,) = await shelve(store, HashEmbedder(), "alloy", {"old.md": "steel"})
    reranker = ColbertReranker(embedder=EMBEDDER, store=store)
    with pytest.raises(NoTokenVectors):
        await reranker.scores("steel", [Candidate(point.id, "")], access=ALLOY)


class _Length:
    """Implements `rag.rerank.TextScorer`: longer is better."""

    model = "length"

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        return [len(text) / len(query) for text in texts]


async def test_a_model_of_texts_reads_the_candidates_texts() -> None:
    reranker = TextReranker(scorer=_Length())
    candidates = [Candidate("1", "ab"), Candidate("2", "abcd")]
    assert await reranker.scores("ab", candidates, access=ALLOY) == [1.0, 2.0]
    assert reranker.model == "length"
