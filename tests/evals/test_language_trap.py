"""A retriever that does not know the query's language must not spoil the search.

Rank fusion that gives an English embedding model an equal say halves the quality of Japanese
queries. Here Japanese and English documents lie in one index, as they do in a real project.
"""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from evals.retrieval.bench import MIXED, PARTS, Bench
from evals.retrieval.collection import Collection, load_collection
from evals.retrieval.evaluation import evaluate
from evals.retrieval.measures import NDCG
from evals.retrieval.peers import PEERS
from evals.retrieval.records import RunRecords
from evals.retrieval.run import SetRun
from inference.local_embedder import LocalEmbedder
from rag.store.edge import EdgeStore

pytest.importorskip("ir_measures", reason="LANGUAGE TRAP NOT TESTED: install the extra `eval`")
pytest.importorskip("bm25s", reason="LANGUAGE TRAP NOT TESTED: install the extra `eval`")


def _no_progress(stage: str, steps: int) -> "_Silence":
    assert stage
    assert steps
    return _Silence()


class _Silence:
    def __call__(self, done: int) -> None:
        """Stand in for a progress bar."""


def _small(folder: Path, *, documents: int) -> Collection:
    return load_collection(folder).shelf(documents).part(80)


@pytest.fixture(scope="module")
async def measured(
    shared_data: Path, minilm: LocalEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[dict[str, SetRun]]:
    """Both collections in one index, and what each contender gets on their queries."""
    collections = [
        _small(shared_data / "retrieval" / "ja_jsquad_valid", documents=200),
        _small(shared_data / "retrieval" / "en_xquad", documents=100),
    ]
    store = await EdgeStore.open(
        tmp_path_factory.mktemp("mixed"), model=minilm.model, dimensions=minilm.dimensions
    )
    peers = {name: PEERS[name] for name in ("bm25s", "Qdrant")}
    bench = Bench(store=store, embedder=minilm, records=RunRecords())
    yield await evaluate(collections, bench, _no_progress, mixed=True, peers=peers)
    await store.close()


@pytest.fixture
def japanese(measured: dict[str, SetRun]) -> dict[str, float]:
    return {name: each[NDCG] for name, each in measured["ja_jsquad_valid"].figures.items()}


@pytest.fixture
def english(measured: dict[str, SetRun]) -> dict[str, float]:
    return {name: each[NDCG] for name, each in measured["en_xquad"].figures.items()}


def _best_part(figures: dict[str, float]) -> float:
    return max(figures[part] for part in PARTS if part in figures)


async def test_japanese_queries_do_not_suffer_from_an_english_model(
    japanese: dict[str, float],
) -> None:
    assert japanese[MIXED] > _best_part(japanese) - 0.005


async def test_english_queries_gain_from_it(english: dict[str, float]) -> None:
    assert english[MIXED] > _best_part(english)


async def test_an_equal_say_for_it_would_fail_this_test(japanese: dict[str, float]) -> None:
    """The counter-test: the trap is real on these very documents."""
    assert japanese["Qdrant RRF 60"] < 0.7 * _best_part(japanese)


async def test_a_default_english_analyser_finds_next_to_nothing_in_japanese(
    japanese: dict[str, float],
) -> None:
    assert japanese["bm25s spaces"] < 0.05
