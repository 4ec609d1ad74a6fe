"""The whole evaluation on a collection small enough to judge by eye."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from contracts.principal import Principal
from evals.retrieval.__main__ import main
from evals.retrieval.bench import Bench, ReadableProjects
from evals.retrieval.collection import Collection, Document
from inference.fake import HashEmbedder
from rag.store.edge import EdgeStore
from tests.evals.test_collection import write_collection

ALLOYS = Collection(
    name="alloys",
    documents=[
        Document("d1", "alloys.p", "溶体化", "AZ91合金の溶体化処理は415 °Cで24時間行った。"),
        Document("d2", "alloys.p", "Ageing", "Ageing took 16 h at 170 °C. " * 60),
        Document("d3", "alloys.p", "Gold", "The colour of gold."),
    ],
    queries={"q1": "溶体化処理の温度", "q2": "how long was the ageing", "q3": "溶体化処理"},
    judged={"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d2": 1}},
)
OTHERS = Collection("others", [Document("o1", "others.p", "", "溶体化処理の温度")], {}, {})


async def _measured(folder: Path, *opened: Collection) -> dict[str, float]:
    embedder = HashEmbedder()
    store = await EdgeStore.open(folder, model=embedder.model, dimensions=embedder.dimensions)
    bench = Bench(store=store, embedder=embedder)
    steps: list[None] = []
    for collection in (ALLOYS, OTHERS):
        await bench.index(collection, lambda: steps.append(None))
    figures = await bench.measure(ALLOYS, ReadableProjects.of(*opened), lambda: steps.append(None))
    assert len(steps) == len(ALLOYS.documents) + len(OTHERS.documents) + len(ALLOYS.queries)
    await store.close()
    return figures


async def test_what_was_judged_relevant_is_found_or_not(tmp_path: Path) -> None:
    """q1 and q2 find their document first; q3 finds another one than was judged."""
    figures = await _measured(tmp_path, ALLOYS)
    assert figures["hybrid"] == pytest.approx(2 / 3)
    assert figures["words"] == pytest.approx(2 / 3)
    assert figures["bigrams"] == pytest.approx(1 / 3)
    assert figures["whitespace BM25"] == pytest.approx(1 / 3)
    assert figures.keys() == {
        "hybrid",
        "words",
        "bigrams",
        "dense",
        "equal RRF",
        "whitespace BM25",
    }


async def test_documents_of_other_sets_compete_only_when_opened(tmp_path: Path) -> None:
    alone = await _measured(tmp_path / "alone", ALLOYS)
    mixed = await _measured(tmp_path / "mixed", ALLOYS, OTHERS)
    assert mixed["bigrams"] < alone["bigrams"]


async def test_only_the_evaluator_may_read_what_is_evaluated() -> None:
    stranger = Principal(id="aoki", name="", scopes=frozenset({"read"}))
    assert await ReadableProjects.of(ALLOYS).readable_projects(stranger) == []


@pytest.mark.usefixtures("minilm")
def test_the_command_prints_the_figures_of_each_set(tmp_path: Path) -> None:
    write_collection(tmp_path / "alloys", ALLOYS)
    printed = CliRunner().invoke(main, ["--data", str(tmp_path), "--json"])
    assert printed.exit_code == 0, printed.output
    assert json.loads(printed.stdout)["alloys"]["hybrid"] == pytest.approx(2 / 3)
    table = CliRunner().invoke(main, ["--data", str(tmp_path), "--set", "alloys", "--mixed"])
    assert "0.6667" in table.stdout


def test_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["--data", str(tmp_path), "--set", "alloys"])
    assert refused.exit_code == 2
    assert "no collection alloys" in refused.output
