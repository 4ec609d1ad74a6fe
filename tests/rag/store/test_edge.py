"""The store in this process: one holder, kept on disk, never left half made."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from rag.problems import EmbeddingModelChanged, StoreLocked
from rag.store.edge import EdgeStore
from rag.store.schema import collection_name
from tests.rag.store.points import access, id_of, passage

_HOLDER = """
import asyncio, sys
from pathlib import Path
from rag.store.edge import EdgeStore
from tests.rag.store.points import passage

async def hold():
    store = await EdgeStore.open(Path(sys.argv[1]), model="tiny", dimensions=4)
    await store.upsert([passage("alloy/a/1/0", 1)])
    print("holding", flush=True)
    await asyncio.sleep(60)

asyncio.run(hold())
"""


@asynccontextmanager
async def _opened(
    folder: Path, *, model: str = "tiny", dimensions: int = 4
) -> AsyncGenerator[EdgeStore]:
    store = await EdgeStore.open(folder, model=model, dimensions=dimensions)
    try:
        yield store
    finally:
        await store.close()


@contextmanager
def _held_by_another_process(folder: Path) -> Generator[int]:
    command = [sys.executable, "-c", _HOLDER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        try:
            yield holder.pid
        finally:
            holder.kill()


async def test_the_points_are_there_after_opening_again(tmp_path: Path) -> None:
    async with _opened(tmp_path) as store:
        await store.upsert([passage("alloy/a/1/0", 1)])
    async with _opened(tmp_path) as store:
        assert await store.count(access=access("alloy")) == 1


async def test_a_second_process_is_told_which_one_holds_the_store(tmp_path: Path) -> None:
    with _held_by_another_process(tmp_path) as pid, pytest.raises(StoreLocked) as refused:
        await EdgeStore.open(tmp_path, model="tiny", dimensions=4)
    assert f"process {pid}" in refused.value.message
    assert str(tmp_path) in (refused.value.message_ja or "")


async def test_a_killed_holder_leaves_the_store_free_and_whole(tmp_path: Path) -> None:
    with _held_by_another_process(tmp_path) as pid:
        os.kill(pid, signal.SIGKILL)
    async with _opened(tmp_path) as store:
        await store.upsert([passage("alloy/a/1/0", 1), passage("alloy/a/1/1", 1)])
        assert await store.count(access=access("alloy")) == 2


async def test_a_store_is_opened_once_in_a_process_too(tmp_path: Path) -> None:
    async with _opened(tmp_path):
        with pytest.raises(StoreLocked):
            await EdgeStore.open(tmp_path, model="tiny", dimensions=4)


async def test_a_store_that_could_not_be_opened_is_not_held(tmp_path: Path) -> None:
    async with _opened(tmp_path) as store:
        await store.upsert([passage("alloy/a/1/0", 1)])
    with pytest.raises(EmbeddingModelChanged):
        await EdgeStore.open(tmp_path, model="tiny", dimensions=8)
    async with _opened(tmp_path) as store:
        assert await store.count(access=access("alloy")) == 1


async def test_other_vectors_under_the_same_model_name_are_refused(tmp_path: Path) -> None:
    async with _opened(tmp_path) as store:
        await store.upsert([passage("alloy/a/1/0", 1)])
    with pytest.raises(EmbeddingModelChanged, match=r"tiny \(4 numbers\).*tiny \(8 numbers\)"):
        await EdgeStore.open(tmp_path, model="tiny", dimensions=8)


async def test_an_empty_store_of_a_wrong_length_is_made_anew(tmp_path: Path) -> None:
    async with _opened(tmp_path, dimensions=8):
        pass
    async with _opened(tmp_path, dimensions=4) as store:
        await store.upsert([passage("alloy/a/1/0", 1)])
        assert await store.count(access=access("alloy")) == 1


async def test_each_model_has_its_own_points(tmp_path: Path) -> None:
    async with _opened(tmp_path) as store:
        await store.upsert([passage("alloy/a/1/0")])
    async with _opened(tmp_path, model="other", dimensions=8) as store:
        assert await store.count(access=access("alloy")) == 0
    async with _opened(tmp_path) as store:
        assert await store.count(access=access("alloy")) == 1


async def test_a_shard_that_was_left_half_made_is_made_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / f"{collection_name('tiny')}.unfinished"
    (unfinished / "shard" / "segments").mkdir(parents=True)
    (unfinished / "shard" / "edge_config.json").write_text("{")
    async with _opened(tmp_path) as store:
        await store.upsert([passage("alloy/a/1/0")])
        assert await store.count(access=access("alloy")) == 1
    assert not unfinished.exists()


async def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    async with _opened(folder):
        assert folder.stat().st_mode & 0o077 == 0


async def test_a_large_store_is_optimised_and_loses_nothing(tmp_path: Path) -> None:
    points = [passage(f"alloy/a/1/{ordinal}", ordinal % 7) for ordinal in range(10_500)]
    async with _opened(tmp_path) as store:
        for start in range(0, len(points), 500):
            await store.upsert(points[start : start + 500])
        await store.flush()
        assert await store.count(access=access("alloy")) == len(points)
        assert len(await store.fetch([id_of("alloy/a/1/9999")], access=access("alloy"))) == 1


async def test_a_write_that_was_cancelled_is_over_before_the_next_begins(tmp_path: Path) -> None:
    points = [passage(f"alloy/a/1/{ordinal}", 1) for ordinal in range(2_000)]
    async with _opened(tmp_path) as store:
        writing = asyncio.create_task(store.upsert(points))
        await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await store.delete_project("alloy")
    async with _opened(tmp_path) as store:
        assert await store.count(access=access("alloy")) == 0
