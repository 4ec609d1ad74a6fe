"""Work in threads, which cannot be ended: it is waited for, also where nobody wants it any more.

Who left before gave its turn to the next, and two would work at once.
"""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Event
from typing import Any, TypeVar

_Result = TypeVar("_Result")


async def in_thread(work: Callable[[Event], _Result]) -> _Result:
    """Return what `work` returns; its event is set where nobody waits any more."""
    stop = Event()
    return await to_its_end(asyncio.to_thread(work, stop), stop.set)


async def to_its_end(
    work: Coroutine[Any, Any, _Result], stop: Callable[[], object] = lambda: None
) -> _Result:
    """Return what `work` returns. Cancelled, it calls `stop` and ends when the work has."""
    working = asyncio.create_task(work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        stop()
        await asyncio.wait({working})
        if not working.cancelled():
            working.exception()  # looked at: nobody is left to tell
        raise
