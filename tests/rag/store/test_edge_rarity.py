"""How rare a word is, the embedded store counts among what may be read: no score tells of more."""

from pathlib import Path

import pytest

from rag.store.edge import EdgeStore
from rag.store.port import SparseVector, VectorQuery
from tests.rag.store.points import access, passage

COMMON = 1
ASKED = VectorQuery("words", SparseVector([COMMON], [1.0]), 10)
SHELF = [passage("alloy/a/1/0", COMMON), passage("alloy/b/1/0", 2), passage("alloy/c/1/0", 3)]
OTHERS = [passage(f"veda/{number}/1/0", COMMON) for number in range(20)]
MANY = tuple(f"project-{number}" for number in range(6))


async def _opened(folder: Path) -> EdgeStore:
    return await EdgeStore.open(folder, model="tiny", dimensions=4)


async def _score(store: EdgeStore, *projects: str) -> float:
    [found] = await store.search([ASKED], access=access(*projects))
    return max(found.values())


async def test_a_project_that_comes_later_changes_no_score_of_another(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.upsert(SHELF)
    before = await _score(store, "alloy")
    await store.upsert(OTHERS)
    assert await _score(store, "alloy") == pytest.approx(before)
    assert await _score(store, "alloy", "veda") < before
    await store.close()


async def test_nor_does_one_that_was_there_when_the_store_was_opened(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.upsert(SHELF)
    before = await _score(store, "alloy")
    await store.upsert(OTHERS)
    await store.close()
    store = await _opened(tmp_path)
    assert await _score(store, "alloy") == pytest.approx(before)
    await store.close()


async def test_a_project_that_is_gone_counts_no_more(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.upsert(SHELF)
    before = await _score(store, "alloy", "veda")
    await store.upsert(OTHERS)
    await store.delete_project("veda")
    assert await _score(store, "alloy") == pytest.approx(before)
    await store.close()


@pytest.mark.parametrize("projects", [MANY[:2], MANY])
async def test_few_and_many_projects_are_counted_alike(
    tmp_path: Path, projects: tuple[str, ...]
) -> None:
    """Whether the rest may be read too, is not there, or is there and may not."""
    store = await _opened(tmp_path)
    own = [passage(f"{name}/a/1/0", COMMON) for name in projects]
    await store.upsert([*own, *(passage(f"{name}/b/1/0", 2) for name in projects)])
    alone = await _score(store, *projects)
    assert await _score(store, *projects, "not there") == pytest.approx(alone)
    await store.upsert(OTHERS)
    assert await _score(store, *projects) == pytest.approx(alone)
    await store.close()
