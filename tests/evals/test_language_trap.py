"""A retriever that does not know the query's language must not spoil the search.

Rank fusion that gives an English embedding model an equal say halves the quality of Japanese
queries. Here Japanese and English documents lie in one index, as they do in a real project.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from evals.retrieval.bench import Bench, ReadableProjects
from evals.retrieval.collection import Collection, load_collection
from inference.local_embedder import LocalEmbedder
from rag.store.edge import EdgeStore


@dataclass(frozen=True, slots=True)
class _Mixed:
    """Both collections in one index, and what each contender gets on their queries."""

    japanese: dict[str, float]
    english: dict[str, float]


def _no_progress() -> None:
    """Stand in for a progress bar."""


def _small(folder: Path, *, documents: int) -> Collection:
    return load_collection(folder).shelf(documents).part(80)


@pytest.fixture(scope="module")
async def mixed(
    shared_data: Path, minilm: LocalEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[_Mixed]:
    japanese = _small(shared_data / "retrieval" / "ja_jsquad_valid", documents=200)
    english = _small(shared_data / "retrieval" / "en_xquad", documents=100)
    store = await EdgeStore.open(
        tmp_path_factory.mktemp("mixed"), model=minilm.model, dimensions=minilm.dimensions
    )
    bench = Bench(store=store, embedder=minilm)
    for collection in (japanese, english):
        await bench.index(collection, _no_progress)
    everything = ReadableProjects.of(japanese, english)
    yield _Mixed(
        japanese=await bench.measure(japanese, everything, _no_progress),
        english=await bench.measure(english, everything, _no_progress),
    )
    await store.close()


def _best_part(figures: dict[str, float]) -> float:
    return max(figures[part] for part in ("words", "bigrams", "dense"))


async def test_japanese_queries_do_not_suffer_from_an_english_model(mixed: _Mixed) -> None:
    assert mixed.japanese["hybrid"] > _best_part(mixed.japanese) - 0.005


async def test_english_queries_gain_from_it(mixed: _Mixed) -> None:
    assert mixed.english["hybrid"] > _best_part(mixed.english)


async def test_an_equal_say_for_it_would_fail_this_test(mixed: _Mixed) -> None:
    """The counter-test: the trap is real on this very index."""
    assert mixed.japanese["equal RRF"] < 0.7 * _best_part(mixed.japanese)


async def test_a_default_english_analyser_finds_next_to_nothing_in_japanese(mixed: _Mixed) -> None:
    assert mixed.japanese["whitespace BM25"] < 0.05
