"""Work begun before its turn comes, and never left running behind."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")


class _End(Enum):
    END = "end"


_END: Final = _End.END


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """A piece of work, and how much it takes of what may run at once."""

    run: Callable[[], Coroutine[Any, Any, T]]
    weight: int = 1


async def in_order(jobs: Iterable[Job[T]], *, at_once: int) -> AsyncGenerator[T]:
    """Yield what the jobs return, in their order; as many as weigh `at_once` run side by side.

    One that weighs more runs alone. While the caller works, no further one is begun. The jobs that
    run when the generator is closed, or when one of them fails, are cancelled.
    """
    running: deque[tuple[asyncio.Task[T], int]] = deque()
    try:
        for job in jobs:
            while running and job.weight + sum(weight for _, weight in running) > at_once:
                yield await running.popleft()[0]
            running.append((asyncio.create_task(job.run()), job.weight))
        while running:
            yield await running.popleft()[0]
    finally:
        await _cancel([task for task, _ in running])


async def one_ahead(items: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """Yield the items; while the caller works on one, the next is made. Closes `items`."""
    coming = asyncio.create_task(_next(items))
    try:
        while (item := await coming) is not _END:
            coming = asyncio.create_task(_next(items))
            yield item
    finally:
        await _cancel([coming])
        await items.aclose()


async def _next(items: AsyncGenerator[T]) -> T | _End:
    return await anext(items, _END)


async def _cancel(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
