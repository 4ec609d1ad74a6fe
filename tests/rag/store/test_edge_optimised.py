"""The embedded store optimises itself aside: searches go on, and a kill loses nothing."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest
import qdrant_edge as edge

from rag.store.edge import EdgeStore
from rag.store.edge_answering import Answering
from rag.store.edge_calls import Engine
from rag.store.edge_engine import EdgeEngine
from rag.store.edge_form import config
from rag.store.port import VectorQuery
from rag.store.schema import Extras, Made, collection_name
from tests.rag.store.large import DIMENSIONS, POINTS, fill, name_of, passages, vector_of
from tests.rag.store.points import access, id_of

_WRITER = """
import asyncio, sys
from pathlib import Path
from rag.store.edge import EdgeStore
from tests.rag.store.large import DIMENSIONS, fill

async def write():
    store = await EdgeStore.open(Path(sys.argv[1]), model="tiny", dimensions=DIMENSIONS)
    await fill(store)
    print("written", flush=True)
    await store.flush()
    print("flushed", flush=True)
    await asyncio.sleep(60)

asyncio.run(write())
"""
ASKED = VectorQuery("dense", vector_of(0), 10)
ALLOY = access("alloy")
_PLAIN = Extras()


async def _opened(folder: Path, extras: Extras = _PLAIN) -> EdgeStore:
    return await EdgeStore.open(folder, model="tiny", dimensions=DIMENSIONS, extras=extras)


def _shards(folder: Path) -> list[Path]:
    return sorted((folder / collection_name("tiny")).glob("shard*"))


async def test_searches_are_answered_while_the_store_is_optimised(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await fill(store)
    flushing = asyncio.create_task(store.flush())
    answered = 0
    while not flushing.done():
        [found] = await store.search([ASKED], access=ALLOY)
        answered += len(found) == ASKED.limit
        await asyncio.sleep(0.01)
    await flushing
    assert answered > 10
    assert await store.count(access=ALLOY) == POINTS
    await store.close()
    assert len(_shards(tmp_path)) == 1  # the one before is gone


async def test_the_vectors_of_a_store_can_be_quantised_later(tmp_path: Path) -> None:
    plain = await _opened(tmp_path)
    await fill(plain)
    await plain.close()
    store = await _opened(tmp_path, Extras(quantisation="int8"))
    await fill(store)  # the same points again
    await store.flush()
    asked = range(0, POINTS, 500)
    queries = [VectorQuery("dense", vector_of(number), 1) for number in asked]
    found = await store.search(queries, access=ALLOY)
    await store.close()
    assert [best for [best] in found] == [id_of(name_of(number)) for number in asked]


def test_a_store_that_cannot_be_copied_stays_whole_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EdgeEngine.open(tmp_path, Made("tiny", DIMENSIONS, _PLAIN))
    engine.upsert(passages(0, POINTS))
    monkeypatch.setattr(sys, "executable", shutil.which("false"))  # as where no copy can be made
    assert "is not optimised" in (engine.flush() or "")
    assert engine.count(ALLOY) == POINTS
    engine.close()
    assert len(_shards(tmp_path)) == 1


async def test_what_is_not_optimised_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def ask(_: Engine, method: str) -> str | None:
        return "The store is not optimised: no room" if method == "flush" else None

    store = await _opened(tmp_path)
    with monkeypatch.context() as full:
        full.setattr(Engine, "ask", ask)
        await store.flush()
    await store.close()
    assert "not optimised: no room" in caplog.text


@pytest.mark.parametrize("shards", [2, 1], ids=["amid the copy", "after it took over"])
async def test_a_kill_loses_nothing_that_was_written(tmp_path: Path, shards: int) -> None:
    await asyncio.to_thread(_fill_until_killed, tmp_path, shards)
    store = await _opened(tmp_path)
    assert await store.count(access=ALLOY) == POINTS
    await store.close()
    [opened] = _shards(tmp_path)
    assert (opened.name == "shard") is (shards == 2)


def _fill_until_killed(folder: Path, shards: int) -> None:
    """Kill a process that fills a store when there are so many shards, or one again."""
    command = [sys.executable, "-c", _WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        if shards == 1:
            assert writer.stdout.readline() == "flushed\n"
        while len(_shards(folder)) != shards:
            sleep(0.005)
        os.kill(writer.pid, signal.SIGKILL)


def test_a_shard_is_closed_after_its_last_reader(tmp_path: Path) -> None:
    old, new = (_shard(tmp_path / name) for name in ("old", "new"))
    answering = Answering(old)
    with ThreadPoolExecutor(1) as other, answering.reading() as read:
        replaced = other.submit(answering.replace, new)
        while _answers(answering) is old:
            pass
        assert not replaced.done()
        assert read.count(edge.CountRequest()) == 0
    replaced.result()
    with pytest.raises(Exception, match="not initialized"):
        old.count(edge.CountRequest())


def _answers(answering: Answering) -> edge.EdgeShard:
    with answering.reading() as shard:
        return shard


def _shard(folder: Path) -> edge.EdgeShard:
    folder.mkdir()
    return edge.EdgeShard.create(str(folder), config(4, Extras()))
