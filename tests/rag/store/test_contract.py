"""What every store must do, whichever engine it runs on."""

from dataclasses import replace

import pytest

from rag.store.port import SparseVector, VectorQuery, VectorStore
from tests.rag.store.points import access, id_of, passage

NEAR_FIRST = VectorQuery("dense", (1.0, 0.0, 0.0, 0.0), 10)


def _asks(*words: int, limit: int = 10) -> VectorQuery:
    return VectorQuery("words", SparseVector(sorted(words), [1.0] * len(words)), limit)


async def _found(store: VectorStore, query: VectorQuery, *projects: str) -> list[str]:
    [found] = await store.search([query], access=access(*projects))
    return list(found)


async def test_a_new_store_is_empty(store: VectorStore) -> None:
    assert await store.count(access=access("alloy")) == 0
    assert await store.fetch([id_of("alloy/a/1/0")], access=access("alloy")) == []


async def test_what_was_written_is_read_back(store: VectorStore) -> None:
    point = passage("alloy/a/1/0", 7)
    await store.upsert([point])
    [stored] = await store.fetch([point.id], access=access("alloy"))
    assert (stored.id, stored.payload) == (point.id, point.payload)


async def test_no_points_is_nothing_to_write(store: VectorStore) -> None:
    await store.upsert([])
    assert await store.count(access=access("alloy")) == 0


async def test_a_point_is_replaced_by_its_id(store: VectorStore) -> None:
    await store.upsert([passage("alloy/a/1/0", 7)])
    await store.upsert([passage("alloy/a/1/0", 8)])
    assert await store.count(access=access("alloy")) == 1
    assert await _found(store, _asks(7), "alloy") == []
    assert await _found(store, _asks(8), "alloy") == [id_of("alloy/a/1/0")]


async def test_a_point_may_lack_any_vector(store: VectorStore) -> None:
    await store.upsert([passage("alloy/a/1/0")])
    assert await _found(store, NEAR_FIRST, "alloy") == [id_of("alloy/a/1/0")]
    assert await _found(store, _asks(7), "alloy") == []


async def test_the_old_versions_of_a_file_are_deleted(store: VectorStore) -> None:
    names = ["alloy/a/1/0", "alloy/a/1/1", "alloy/a/2/0", "alloy/b/1/0", "veda/a/1/0"]
    await store.upsert([passage(name) for name in names])
    await store.delete_file("alloy", "a", except_version="2")
    left = await _found(store, NEAR_FIRST, "alloy", "veda")
    assert set(left) == {id_of(name) for name in names[2:]}


async def test_a_deleted_file_leaves_nothing(store: VectorStore) -> None:
    await store.upsert([passage("alloy/a/1/0"), passage("alloy/a/2/0"), passage("veda/a/1/0")])
    await store.delete_file("alloy", "a")
    assert await _found(store, NEAR_FIRST, "alloy", "veda") == [id_of("veda/a/1/0")]


async def test_a_deleted_project_leaves_nothing(store: VectorStore) -> None:
    await store.upsert([passage("alloy/a/1/0"), passage("alloy/b/1/0"), passage("veda/a/1/0")])
    await store.delete_project("alloy")
    assert await store.count(access=access("alloy")) == 0
    assert await store.count(access=access("veda")) == 1


async def test_what_is_not_there_is_deleted_in_peace(store: VectorStore) -> None:
    await store.delete_file("alloy", "a")
    await store.delete_project("alloy")
    assert await store.count(access=access("alloy")) == 0


async def test_the_nearest_vector_comes_first_with_its_cosine(store: VectorStore) -> None:
    far = passage("alloy/a/1/0", dense=(0, 2, 0, 0))
    near = passage("alloy/a/1/1", dense=(3, 4, 0, 0))
    await store.upsert([far, near])
    [found] = await store.search([NEAR_FIRST], access=access("alloy"))
    assert list(found) == [near.id, far.id]
    assert list(found.values()) == pytest.approx([0.6, 0.0], abs=1e-3)


async def test_the_rarer_word_counts_more(store: VectorStore) -> None:
    common, rare = 1, 2
    await store.upsert([passage(f"alloy/a/1/{ordinal}", common) for ordinal in range(9)])
    await store.upsert([passage("alloy/b/1/0", rare)])
    assert (await _found(store, _asks(common, rare), "alloy"))[0] == id_of("alloy/b/1/0")


async def test_a_query_returns_no_more_than_its_limit(store: VectorStore) -> None:
    await store.upsert([passage(f"alloy/a/1/{ordinal}", 1) for ordinal in range(9)])
    assert len(await _found(store, _asks(1, limit=3), "alloy")) == 3


async def test_a_batch_answers_each_query_in_its_place(store: VectorStore) -> None:
    await store.upsert([passage("alloy/a/1/0", 1), passage("alloy/a/1/1", 2)])
    batch = [_asks(2), NEAR_FIRST, _asks(3), _asks(1)]
    found = await store.search(batch, access=access("alloy"))
    assert [len(each) for each in found] == [1, 2, 0, 1]
    assert found[0].keys() == {id_of("alloy/a/1/1")}


@pytest.mark.parametrize("query", [NEAR_FIRST, _asks(1)], ids=["dense", "words"])
async def test_a_search_stays_within_its_access(store: VectorStore, query: VectorQuery) -> None:
    await store.upsert([passage("alloy/a/1/0", 1), passage("veda/a/1/0", 1)])
    assert await _found(store, query, "alloy") == [id_of("alloy/a/1/0")]
    assert await _found(store, query, "unknown") == []
    assert len(await _found(store, query, "alloy", "veda")) == 2


async def test_no_access_is_no_result(store: VectorStore) -> None:
    point = passage("alloy/a/1/0", 1)
    await store.upsert([point])
    assert await store.search([NEAR_FIRST, _asks(1)], access=access()) == [{}, {}]
    assert await store.fetch([point.id], access=access()) == []
    assert await store.file_points("alloy", "a", access=access()) == []
    assert await store.file_vectors("alloy", "a", access=access()) == {}
    assert await store.count(access=access()) == 0


async def test_points_outside_the_access_are_not_fetched(store: VectorStore) -> None:
    mine, theirs = passage("alloy/a/1/0"), passage("veda/a/1/0")
    await store.upsert([mine, theirs])
    fetched = await store.fetch([theirs.id, mine.id, id_of("x")], access=access("alloy"))
    assert [point.id for point in fetched] == [mine.id]
    assert await store.file_points("veda", "a", access=access("alloy")) == []
    assert await store.file_vectors("veda", "a", access=access("alloy")) == {}


async def test_a_file_is_read_in_its_order_however_long(store: VectorStore) -> None:
    await store.upsert([passage(f"alloy/a/1/{ordinal}") for ordinal in reversed(range(1100))])
    await store.upsert([passage("alloy/b/1/0")])
    points = await store.file_points("alloy", "a", access=access("alloy"))
    assert [point.payload["ordinal"] for point in points] == list(range(1100))


async def test_what_was_written_is_found_after_a_flush(store: VectorStore) -> None:
    await store.upsert([passage("alloy/a/1/0", 1)])
    await store.flush()
    assert await _found(store, _asks(1), "alloy") == [id_of("alloy/a/1/0")]


async def test_a_query_without_terms_finds_nothing(store: VectorStore) -> None:
    await store.upsert([passage("alloy/a/1/0", 1)])
    assert await _found(store, _asks(), "alloy") == []


async def test_passages_out_of_sight_do_not_change_a_score(store: VectorStore) -> None:
    """The inverse document frequency is counted inside the access alone, in every store."""
    await store.upsert([passage("alloy/a/1/0", 1), passage("alloy/a/1/1", 2)])
    [before] = await store.search([_asks(1)], access=access("alloy"))
    await store.upsert([passage(f"secret/a/1/{ordinal}", 1) for ordinal in range(50)])
    [after] = await store.search([_asks(1)], access=access("alloy"))
    assert after == before
    [shared] = await store.search([_asks(1)], access=access("alloy", "secret"))
    assert max(shared.values()) < max(before.values()) / 2


async def test_the_vectors_of_a_file_are_read_back_and_written_again_as_they_are(
    store: VectorStore,
) -> None:
    points = [passage(f"alloy/a/1/{ordinal}", dense=(3, ordinal, 4, 0)) for ordinal in range(700)]
    await store.upsert([*points, passage("alloy/b/1/0"), passage("veda/a/1/0")])
    held = await store.file_vectors("alloy", "a", access=access("alloy", "veda"))
    assert held.keys() == {point.id for point in points}
    assert held[points[0].id].dense == pytest.approx([0.6, 0, 0.8, 0])
    await store.upsert([replace(point, dense=held[point.id].dense) for point in points])
    again = await store.file_vectors("alloy", "a", access=access("alloy"))
    assert all(again[point].dense == pytest.approx(held[point].dense) for point in held)


async def test_a_point_without_a_dense_vector_has_none_to_read(store: VectorStore) -> None:
    lexical = replace(passage("alloy/a/1/0", 7), dense=None)
    await store.upsert([lexical])
    assert await store.file_vectors("alloy", "a", access=access("alloy")) == {}
    held = await store.vectors([lexical.id], access=access("alloy"))
    assert not held[lexical.id].dense
    assert held[lexical.id].terms == {"words": SparseVector([7], [1.0])}


async def test_the_vectors_of_points_out_of_sight_are_not_handed_out(store: VectorStore) -> None:
    await store.upsert([passage("alloy/a/1/0", 7), passage("secret/a/1/0", 7)])
    both = [id_of("alloy/a/1/0"), id_of("secret/a/1/0"), id_of("alloy/gone/1/0")]
    held = await store.vectors(both, access=access("alloy"))
    assert held.keys() == {id_of("alloy/a/1/0")}
    assert await store.vectors(both, access=access()) == {}
    assert await store.vectors([], access=access("alloy")) == {}
