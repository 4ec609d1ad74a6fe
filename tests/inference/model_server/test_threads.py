"""Threads cannot be ended: who leaves waits for them."""

import asyncio
from threading import Event

import pytest

from inference.model_server.threads import in_thread


async def test_who_leaves_asks_the_thread_to_stop_and_waits_until_it_has() -> None:
    began, ended = Event(), Event()

    def work(stop: Event) -> None:
        began.set()
        stop.wait()
        ended.set()

    working = asyncio.create_task(in_thread(work))
    await asyncio.to_thread(began.wait)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert ended.is_set()


async def test_what_a_thread_raises_rises_here() -> None:
    def work(_: Event) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await in_thread(work)
