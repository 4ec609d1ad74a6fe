"""What so many passages take."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store.edge import EdgeStore
from rag.store.plan import GIB, Demand, plan
from tests.rag.store.points import passage

BILLION = Demand(chunks=10**9, dimensions=1024)
demands = st.builds(
    Demand,
    chunks=st.integers(1, 10**10),
    dimensions=st.integers(1, 4096),
    quantisation=st.sampled_from(["none", "int8", "turbo4"]),
    replicas=st.integers(1, 4),
    ram_per_node=st.integers(GIB, 1024 * GIB),
)


def test_the_vectors_of_a_billion_passages_are_counted_by_their_formulas() -> None:
    parts = {part.name: part for part in plan(BILLION).parts}
    assert (parts["dense vectors"].ram, parts["dense vectors"].disk) == (0, 4096)
    assert parts["quantised vectors (int8)"].ram == 1024
    assert parts["words and bigrams, index"].ram == 130 * 12


def test_quantised_vectors_take_less_memory_and_more_disk() -> None:
    whole, quantised = plan(replace(BILLION, quantisation="none")), plan(BILLION)
    assert quantised.ram < whole.ram
    assert quantised.disk > whole.disk


@given(demands)
def test_the_nodes_hold_what_is_planned_and_every_copy_lies_apart(demand: Demand) -> None:
    planned = plan(demand)
    assert planned.ram <= planned.nodes * demand.ram_per_node
    assert planned.disk <= planned.nodes * demand.disk_per_node
    assert planned.nodes >= demand.replicas
    assert planned.shards * demand.replicas % planned.nodes == 0
    assert planned.shards * demand.chunks_per_shard >= demand.chunks


@given(demands)
def test_more_passages_never_take_fewer_nodes(demand: Demand) -> None:
    assert plan(replace(demand, chunks=demand.chunks * 2)).nodes >= plan(demand).nodes


@pytest.mark.parametrize(
    "nothing",
    [
        Demand(chunks=0, dimensions=1024),
        Demand(chunks=1, dimensions=0),
        replace(BILLION, replicas=0),
        replace(BILLION, ram_per_node=0),
    ],
)
def test_nothing_to_plan_is_refused(nothing: Demand) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        plan(nothing)


async def test_a_passage_takes_about_as_much_disk_in_the_engine_as_planned(tmp_path: Path) -> None:
    chunks, dimensions = 12_000, 64
    store = await EdgeStore.open(tmp_path, model="tiny", dimensions=dimensions)
    for start in range(0, chunks, 1_000):
        points = [
            passage(f"alloy/f{n}/1/0", *range(n, n + 40), dense=(1.0, n % 97) * (dimensions // 2))
            for n in range(start, start + 1_000)
        ]
        await store.upsert(points)
    await store.flush()
    await store.close()
    used = _claimed_by_segments(tmp_path)
    demand = Demand(
        chunks=chunks, dimensions=dimensions, quantisation="none", terms=40, payload_bytes=110
    )
    planned = plan(replace(demand, replicas=1)).disk
    assert 0.4 < used / planned < 4, (used, planned)  # pages are claimed ahead of a small store


def _claimed_by_segments(folder: Path) -> int:
    files = (file for file in folder.rglob("segments/**/*") if file.is_file())
    return sum(file.stat().st_blocks * 512 for file in files)
