"""The engine of the embedded store has a process of its own; its caller notices what it does."""

import asyncio
import fcntl
import gc
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Thread

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.problems import StoreProcessEnded
from rag.store.edge import EdgeStore
from rag.store.edge_messages import Answer, Call, Incoming, packed
from rag.store.edge_process import Answering
from rag.store.lock import engine_lock
from rag.store.port import SparseVector, VectorQuery
from rag.store.schema import collection_name
from tests.rag.store.points import access, passage

ALLOY = access("alloy")


async def _opened(folder: Path) -> EdgeStore:
    return await EdgeStore.open(folder, model="tiny", dimensions=4)


def _engine() -> psutil.Process:
    """Return the youngest: other tests may have left stores open."""
    engines = [
        child
        for child in psutil.Process().children()
        if "rag.store.edge_process" in child.cmdline()
    ]
    return max(engines, key=psutil.Process.create_time)


async def test_another_engine_takes_the_place_of_a_killed_one_and_answers_who_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await _opened(tmp_path)
    await store.upsert([passage("alloy/a/1/0", 1)])
    engine = _engine()
    engine.suspend()
    waiting = [asyncio.create_task(store.count(access=ALLOY)) for _ in range(8)]
    writing = asyncio.create_task(store.upsert([passage("alloy/a/1/1", 1)]))
    await asyncio.sleep(0.05)
    engine.kill()
    await writing
    assert set(await asyncio.gather(*waiting)) <= {1, 2}
    assert await store.count(access=ALLOY) == 2
    assert caplog.text.count("is started anew") == 1
    await store.close()


async def test_what_was_acknowledged_before_a_kill_is_there_after_it_flushed_or_not(
    tmp_path: Path,
) -> None:
    store = await _opened(tmp_path)
    for number in range(20):
        await store.upsert([passage(f"alloy/a/1/{number}", 1)])
    await store.delete_file("alloy", "b")
    _engine().kill()
    assert await store.count(access=ALLOY) == 20
    await store.flush()
    await store.close()


async def test_why_an_engine_cannot_be_started_anew_is_told(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    _spoil(tmp_path)
    _engine().kill()
    with pytest.raises(RuntimeError, match="FileNotFoundError"):
        await store.count(access=ALLOY)
    await store.close()


def _spoil(folder: Path) -> None:
    """Leave nothing that the next engine could open."""
    (next(folder.glob("docs__*")) / "made_for.json").unlink()


async def test_another_event_loop_is_told_of_a_killed_engine(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.upsert([passage("alloy/a/1/0", 1)])
    _engine().kill()
    with pytest.raises(StoreProcessEnded, match="its process has ended"):
        await asyncio.to_thread(asyncio.run, store.count(access=ALLOY))
    assert await store.count(access=ALLOY) == 1
    await store.close()


async def test_a_closed_store_is_not_opened_again_by_who_asks_it(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.close()
    with pytest.raises(StoreProcessEnded):
        await store.count(access=ALLOY)


async def test_what_was_flushed_before_a_kill_is_there_when_it_is_opened_again(
    tmp_path: Path,
) -> None:
    store = await _opened(tmp_path)
    await store.upsert([passage("alloy/a/1/0", 1)])
    await store.flush()
    _engine().kill()
    await store.close()
    again = await _opened(tmp_path)
    assert await again.count(access=ALLOY) == 1
    await again.close()


async def test_signals_that_end_a_service_leave_its_engine_to_it(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        _engine().send_signal(ending)
    await store.upsert([passage("alloy/a/1/0", 1)])
    assert await store.count(access=ALLOY) == 1
    await store.close()


async def test_a_closed_store_leaves_no_process(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    engine = _engine()
    await store.close()
    assert not engine.is_running()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ends it with its parent")
async def test_the_engine_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLDER, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    engine = psutil.Process(int(await holder.stdout.readline()))
    os.kill(holder.pid, signal.SIGKILL)
    await holder.wait()
    assert psutil.wait_procs([engine], timeout=10)[1] == []


_HOLDER = """
import asyncio, sys
from pathlib import Path
import psutil
from rag.store.edge import EdgeStore

async def hold():
    await EdgeStore.open(Path(sys.argv[1]), model="tiny", dimensions=4)
    print(psutil.Process().children()[0].pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(hold())
"""


async def test_a_mistake_in_a_call_is_told_and_ends_nothing(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.upsert([passage("alloy/a/1/0", 1)])
    with pytest.raises(RuntimeError, match="dimension") as caught:
        await store.search([VectorQuery("dense", (1.0, 0.0), 10)], access=ALLOY)
    assert "edge_engine.py" in caught.value.__notes__[0]
    assert await store.count(access=ALLOY) == 1
    await store.close()


async def test_a_vector_that_the_engine_would_panic_at_is_refused_and_poisons_nothing(
    tmp_path: Path,
) -> None:
    store = await _opened(tmp_path)
    good = passage("alloy/a/1/0", 1)
    await store.upsert([good])
    torn = replace(good, sparse={"words": SparseVector([5, 1], [1.0])})
    with pytest.raises(RuntimeError, match="2 tokens, 1 weights"):
        await store.upsert([torn])
    _engine().kill()
    assert await store.count(access=ALLOY) == 1
    await store.close()


def test_who_asked_is_told_also_of_a_panic_in_rust() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        answering = Answering([theirs])
        serving = Thread(target=answering.serve)
        serving.start()
        ours.sendall(packed(Call(7, "open", (Path("/nowhere"), _Panics()))))
        [answer] = Incoming().messages(ours.recv(2**16))
        ours.shutdown(socket.SHUT_WR)
        serving.join()
    assert answer.number == 7
    assert str(answer.failure) == "_Panic: index out of bounds"


class _Panic(BaseException):
    """As PyO3 raises a panic: no `Exception`."""


class _Panics:
    """What cannot be opened for."""

    @property
    def model(self) -> str:
        raise _Panic("index out of bounds")


async def test_an_answer_that_nobody_reads_yet_holds_up_no_other_loop(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.upsert([passage(f"alloy/a/1/{number}", number % 7) for number in range(6_000)])
    large = asyncio.create_task(store.file_vectors("alloy", "a", access=ALLOY))
    await asyncio.sleep(0)
    with ThreadPoolExecutor(1) as other:  # while this loop stands still
        assert other.submit(asyncio.run, store.count(access=ALLOY)).result(timeout=30) == 6_000
    assert len(await large) == 6_000
    await store.close()


async def test_who_wait_for_an_engine_that_cannot_be_started_wait_for_one_try(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = await _opened(tmp_path)
    _spoil(tmp_path)
    _engine().kill()
    asked = [store.count(access=ALLOY) for _ in range(20)]
    failures = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(failure) for failure in failures] == [RuntimeError] * 20
    assert caplog.text.count("is started anew") == 1
    await store.close()


async def test_who_is_cancelled_while_an_engine_is_replaced_takes_it_from_nobody(
    tmp_path: Path,
) -> None:
    store = await _opened(tmp_path)
    await store.upsert([passage("alloy/a/1/0", 1)])
    _engine().kill()
    first, second = (asyncio.create_task(store.count(access=ALLOY)) for _ in range(2))
    await asyncio.sleep(0.05)
    first.cancel()
    assert await second == 1
    await store.close()


@pytest.mark.filterwarnings("ignore:unclosed transport")  # the loop that would close it is gone
def test_a_store_is_closed_from_another_loop_after_the_end_of_its_own(tmp_path: Path) -> None:
    store = asyncio.run(_opened(tmp_path))
    engine = _engine()
    asyncio.run(store.upsert([passage("alloy/a/1/0", 1)]))
    asyncio.run(store.close())
    assert not engine.is_running()

    async def again() -> int:
        opened = await _opened(tmp_path)
        try:
            return await opened.count(access=ALLOY)
        finally:
            await opened.close()

    assert asyncio.run(again()) == 1
    del store
    gc.collect()  # what is not closed is told here, not in another test


async def test_a_close_that_is_cancelled_closes_also_the_engine_that_is_being_started(
    tmp_path: Path,
) -> None:
    store = await _opened(tmp_path)
    _engine().kill()
    asking = asyncio.create_task(store.count(access=ALLOY))
    await asyncio.sleep(0.02)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([asking, closing])
    async with asyncio.timeout(30):
        await (await _opened(tmp_path)).close()


@pytest.mark.parametrize("steps", range(5))
async def test_an_opening_that_is_cancelled_leaves_the_folder_free(
    tmp_path: Path, steps: int
) -> None:
    opening = asyncio.create_task(_opened(tmp_path))
    for _ in range(steps):
        await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait([opening])
    await (await _opened(tmp_path)).close()


async def test_an_opening_that_is_cancelled_does_not_wait_for_who_has_the_shard(
    tmp_path: Path,
) -> None:
    held = os.open(engine_lock(tmp_path, collection_name("tiny")), os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)  # as an engine whose service was killed
    opening = asyncio.create_task(_opened(tmp_path))
    await asyncio.sleep(0.2)
    opening.cancel()
    async with asyncio.timeout(30):
        await asyncio.wait([opening])
    os.close(held)
    assert opening.cancelled()


async def test_a_cancelled_caller_of_a_killed_engine_leaves_no_error_that_nobody_reads(
    tmp_path: Path,
) -> None:
    store = await _opened(tmp_path)
    unread: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unread.append(context))
    engine = _engine()
    engine.suspend()
    asking = asyncio.create_task(store.count(access=ALLOY))
    await asyncio.sleep(0.05)
    asking.cancel()
    await asyncio.sleep(0)
    engine.kill()
    await asyncio.wait([asking])
    del asking
    gc.collect()
    await store.close()
    assert unread == []


async def test_others_go_on_while_the_engine_works(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    points = [passage(f"alloy/a/1/{number}", number % 7) for number in range(20_000)]
    writing = asyncio.create_task(store.upsert(points))
    turns = 0
    while not writing.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert turns > 20
    assert await store.count(access=ALLOY) == 20_000
    await store.close()


async def test_another_loop_is_answered_also_while_this_one_stands_still(tmp_path: Path) -> None:
    store = await _opened(tmp_path)
    await store.upsert([passage("alloy/a/1/0", 1)])

    async def elsewhere() -> int:
        await store.upsert([passage("alloy/a/1/1", 1)])
        held = await asyncio.gather(*(store.count(access=ALLOY) for _ in range(4)))
        return held[-1]

    with ThreadPoolExecutor(1) as other:
        assert other.submit(asyncio.run, elsewhere()).result(timeout=30) == 2
    _engine().kill()
    with ThreadPoolExecutor(1) as other, pytest.raises(StoreProcessEnded):
        other.submit(asyncio.run, elsewhere()).result(timeout=30)
    await store.close()


@given(
    st.lists(st.binary(max_size=200), max_size=8),
    st.integers(min_value=1, max_value=64),
)
def test_messages_arrive_whole_and_in_order_however_they_are_cut(
    bodies: list[bytes], piece: int
) -> None:
    messages: list[Call | Answer] = [Answer(number, body) for number, body in enumerate(bodies)]
    sent = b"".join(map(packed, messages))
    incoming = Incoming()
    arrived = [
        message
        for start in range(0, len(sent), piece)
        for message in incoming.messages(sent[start : start + piece])
    ]
    assert arrived == messages
