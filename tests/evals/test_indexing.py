"""The benchmark of indexing runs to its end and says what falls short."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from evals.indexing.__main__ import main
from evals.indexing.bench import Measured, Round, misses
from evals.indexing.mix import english_documents, mixed_documents, write_files
from evals.indexing.stages import EMBED, Cost, Stages
from evals.retrieval.collection import Document

_STAGES = Stages(
    costs={"parse": Cost(wall_s=1, cpu_s=1), EMBED: Cost(wall_s=9, cpu_s=18)},
    counts={"passages": 1000, "embedded": 900, "tokens": 90_000},
)
_GOOD = Round(whole_s=10, whole_cpu_s=20, stages=_STAGES, peer_s=30, peer_batch=8)


def test_the_mix_is_every_english_document_and_some_japanese(shared_data: Path) -> None:
    mixed = mixed_documents(shared_data / "retrieval")
    assert len(mixed) == 2002
    english = [each for each in mixed if not each.project.startswith("ja_")]
    assert english == english_documents(shared_data / "retrieval")


def test_each_document_is_a_file_under_its_title(tmp_path: Path) -> None:
    write_files([Document("d1", "p", "溶体化", "415 °Cで24時間。")], tmp_path)
    [path] = tmp_path.rglob("*.md")
    assert path.read_text(encoding="utf-8") == "# 溶体化\n\n415 °Cで24時間。\n"


def test_figures_are_medians_of_the_rounds() -> None:
    rounds = [replace(_GOOD, whole_s=whole_s) for whole_s in (20, 10, 12)]
    figures = Measured(1200, rounds).figures()
    assert figures["documents/s"] == 100
    assert figures["tokens embedded per document"] == 75
    assert figures["times peer"] == 2.5
    assert figures["added to embedding"] == pytest.approx(1 / 3)


def test_the_stages_and_the_rest_are_parts_of_the_whole() -> None:
    shares = Measured(1000, [_GOOD]).shares()
    assert shares == {"parse": 0.05, EMBED: 0.9, "other": pytest.approx(0.05)}


def test_what_falls_short_is_told() -> None:
    good, slow = Measured(1000, [_GOOD]), Measured(1000, [replace(_GOOD, whole_s=20)])
    assert misses(good, good) == []
    assert misses(slow, slow) == [
        "50.0 documents/s < 90",
        "1.50 × the peer < 2",
        "122.2% added to embedding > 15%",
    ]


@pytest.mark.usefixtures("minilm")
def test_the_command_measures_the_shipped_product_and_its_peer(shared_data: Path) -> None:
    options = ["--data", str(shared_data / "retrieval"), "--documents", "6", "--rounds", "1"]
    ran = CliRunner().invoke(main, [*options, "--only", "mix", "--json"])
    mix = json.loads(ran.stdout)["mix"]
    assert mix["documents"] == 6
    assert min(mix["documents/s"], mix["peer, documents/s"]) > 0
    assert mix["passages"] > mix["passages embedded"] > 0
    assert set(mix["CPU shares"]) > {"read and parse", "cut", "embed", "put in", "other"}
