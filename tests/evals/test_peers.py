"""What the shipped search is measured against: the real libraries, on documents judged by eye."""

from collections.abc import Sequence

import pytest

from evals.retrieval.llama_index_peer import fitting
from evals.retrieval.peers import PEERS
from evals.retrieval.problems import EvaluationMissing
from inference.fake import HashEmbedder
from rag.ports import Embedder
from tests.evals.tiny import ALLOYS

_FIRST = {"q1": ["alloys/d1"], "q2": ["alloys/d2"], "q3": ["alloys/d1"]}


async def _ranked(peer: str, embedder: Embedder) -> dict[str, dict[str, Sequence[str]]]:
    """Return what a peer finds in the alloys, or skip where it is not installed."""
    steps: list[int] = []
    try:
        rankings = await PEERS[peer](ALLOYS, embedder, steps.append)
    except EvaluationMissing as problem:
        pytest.skip(f"PEER NOT TESTED: {problem.hint}")
    assert sum(steps) == len(ALLOYS.documents) + len(ALLOYS.queries)
    return {name: dict(each) for name, each in rankings.items()}


async def test_bm25s_finds_english_words_in_any_form_and_no_japanese_inside_a_sentence() -> None:
    found = await _ranked("bm25s", HashEmbedder())
    assert found["bm25s"] == {"q1": [], "q2": ["alloys/d2"], "q3": []}


async def test_words_between_spaces_are_compared_as_they_are_written() -> None:
    found = (await _ranked("bm25s", HashEmbedder()))["bm25s spaces"]
    assert found == {"q1": [], "q2": ["alloys/d2", "alloys/d3"], "q3": []}


async def test_llama_index_ranks_every_document_by_its_nearest_part() -> None:
    found = (await _ranked("LlamaIndex", HashEmbedder()))["LlamaIndex"]
    assert found["q1"][0] == "alloys/d1"
    assert all(sorted(each) == ["alloys/d1", "alloys/d2", "alloys/d3"] for each in found.values())


async def test_qdrant_fuses_our_words_and_embeddings_in_three_ways() -> None:
    found = await _ranked("Qdrant", HashEmbedder())
    assert found.keys() == {"Qdrant RRF", "Qdrant RRF 60", "Qdrant DBSF"}
    for ranking in found.values():
        assert {query: each[:1] for query, each in ranking.items()} == _FIRST


def test_as_much_of_a_text_is_read_as_the_model_takes() -> None:
    embedder = HashEmbedder()
    long = "試料の硬さ" * embedder.max_tokens
    kept = fitting(long, embedder)
    assert embedder.count_tokens(kept) <= embedder.max_tokens < embedder.count_tokens(long)
    assert embedder.count_tokens(long[: len(kept) + 1]) > embedder.max_tokens
    assert fitting("試料", embedder) == "試料"
