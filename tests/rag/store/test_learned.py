"""Vectors that only some models give: learned weights, and one vector for each token."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from rag.problems import EmbeddingModelChanged
from rag.store.edge import EdgeStore
from rag.store.port import Point, SparseVector, VectorQuery, VectorStore
from rag.store.schema import Extras
from rag.store.server import ServerStore
from tests.rag.store.points import access, id_of, passage

ALL_THREE = Extras(sparse=True, colbert_dimensions=2)
X, Y = (1.0, 0.0), (0.0, 1.0)


@pytest.fixture(params=["edge", "local mode"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[VectorStore]:
    opened: VectorStore
    if request.param == "edge":
        opened = await EdgeStore.open(tmp_path, model="m3", dimensions=4, extras=ALL_THREE)
    else:
        opened = await ServerStore.open(
            ":memory:", None, model="m3", dimensions=4, extras=ALL_THREE
        )
    yield opened
    await opened.close()


def _point(name: str, weights: dict[int, float], *tokens: tuple[float, ...]) -> Point:
    point = passage(name, 7)
    learned = SparseVector(sorted(weights), [weights[token] for token in sorted(weights)])
    return replace(point, sparse={**point.sparse, "sparse": learned}, colbert=tokens)


async def test_learned_weights_are_multiplied_and_nothing_else(store: VectorStore) -> None:
    await store.upsert([_point("alloy/a/1/0", {3: 0.5, 9: 0.25}, X)])
    await store.upsert([_point("alloy/b/1/0", {3: 0.125}, X)])
    query = VectorQuery("sparse", SparseVector([3, 9], [2.0, 1.0]), 10)
    [found] = await store.search([query], access=access("alloy"))
    assert [(id_, round(score, 6)) for id_, score in found.items()] == [
        (id_of("alloy/a/1/0"), 1.25),
        (id_of("alloy/b/1/0"), 0.25),
    ]


async def test_late_interaction_adds_up_the_best_similarity_of_each_token(
    store: VectorStore,
) -> None:
    await store.upsert([_point("alloy/a/1/0", {1: 1.0}, X, Y), _point("alloy/b/1/0", {1: 1.0}, X)])
    [found] = await store.search([VectorQuery("colbert", [X, Y, Y], 10)], access=access("alloy"))
    assert [(id_, round(score, 3)) for id_, score in found.items()] == [
        (id_of("alloy/a/1/0"), 3.0),
        (id_of("alloy/b/1/0"), 1.0),
    ]


async def test_all_vectors_of_a_file_are_read_back(store: VectorStore) -> None:
    point = _point("alloy/a/1/0", {3: 0.5}, X, Y)
    await store.upsert([point])
    held = (await store.file_vectors("alloy", "a", access=access("alloy")))[point.id]
    assert held.sparse == SparseVector([3], [0.5])
    assert held.terms == {"words": SparseVector([7], [1.0])}
    assert [tuple(token) for token in held.colbert or ()] == [X, Y]


async def test_vectors_that_the_collection_was_not_made_for_are_refused(tmp_path: Path) -> None:
    store = await EdgeStore.open(tmp_path, model="m3", dimensions=4)
    await store.upsert([passage("alloy/a/1/0", 7)])
    await store.close()
    with pytest.raises(EmbeddingModelChanged, match=r"m3 \(4 numbers, sparse, colbert of 2\)"):
        await EdgeStore.open(tmp_path, model="m3", dimensions=4, extras=ALL_THREE)


@pytest.mark.parametrize("quantisation", ["int8", "turbo4"])
async def test_quantised_vectors_are_ranked_by_their_own_cosine(
    tmp_path: Path, quantisation: str
) -> None:
    extras = Extras(quantisation="int8" if quantisation == "int8" else "turbo4")
    store = await EdgeStore.open(tmp_path, model="m3", dimensions=4, extras=extras)
    points = [passage(f"alloy/a/1/{n}", dense=(2, n, 0, 0)) for n in range(6)]
    await store.upsert(points)
    await store.flush()
    query = VectorQuery("dense", (1.0, 0.0, 0.0, 0.0), 3)
    [found] = await store.search([query], access=access("alloy"))
    assert list(found) == [point.id for point in points[:3]]
    assert max(found.values()) == pytest.approx(1.0)
    await store.close()


async def test_how_vectors_are_quantised_may_change(tmp_path: Path) -> None:
    store = await EdgeStore.open(tmp_path, model="m3", dimensions=4)
    await store.upsert([passage("alloy/a/1/0", 7)])
    await store.close()
    again = await EdgeStore.open(
        tmp_path, model="m3", dimensions=4, extras=Extras(quantisation="int8")
    )
    assert await again.count(access=access("alloy")) == 1
    await again.close()
