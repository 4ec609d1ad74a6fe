"""What the embedded store misses, takes and waits, on a small one."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from evals.store.__main__ import main
from evals.store.recall import CASES, Case, recall
from evals.store.shelf import MadeUp, labels
from rag.store.edge import EdgeStore

SMALL = MadeUp(400, 16)


@pytest.fixture
async def small_store(tmp_path: Path) -> AsyncGenerator[EdgeStore]:
    store = await EdgeStore.open(tmp_path, model="made-up", dimensions=16)
    await store.upsert(SMALL.points(SMALL.vectors(), 0, SMALL.chunks))
    await store.flush()
    yield store
    await store.close()


def test_made_up_passages_are_always_the_same() -> None:
    assert np.array_equal(SMALL.vectors(), MadeUp(400, 16).vectors())
    assert SMALL.points(SMALL.vectors(), 0, 5) == SMALL.points(SMALL.vectors(), 0, 5)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_filter_lets_some_passages_through_and_holds_others_back(case: Case) -> None:
    fitting = sum(case.fits(labels(number)) for number in range(20_000))
    assert 0 < fitting <= 20_000
    assert (fitting == 20_000) == (case.name == "everything")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_small_store_misses_nothing_within_a_filter(
    small_store: EdgeStore, case: Case
) -> None:
    assert (await recall(small_store, SMALL, case, queries=5)).recall == 1


def test_the_command_prints_all_figures() -> None:
    small = ["--chunks", "300", "--dim", "16", "--queries", "3", "--quantisation", "int8", "--json"]
    printed = CliRunner().invoke(main, small)
    figures = json.loads(printed.stdout)["int8"]
    assert [each["recall"] for each in figures["filters"]] == [1.0] * len(CASES)
    assert figures["first_answer_s"] > 0
    assert figures["points_per_s"] > 0
    assert figures["search_longest_ms"] >= figures["search_p50_ms"] > 0
    assert figures["memory_mib"] > 0
    assert printed.exit_code == 0
