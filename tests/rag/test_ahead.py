"""Work is begun before its turn, yields in order, and is never left behind."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

import pytest

from rag.ahead import Job, in_order, one_ahead


@dataclass
class _Bench:
    """Runs work that takes as long as it is told, and counts what runs side by side."""

    running: set[int] = field(default_factory=set[int])
    most: int = 0
    begun: list[int] = field(default_factory=list[int])

    async def work(self, number: int, *, pauses: int = 1) -> int:
        self.begun.append(number)
        self.running.add(number)
        self.most = max(self.most, len(self.running))
        try:
            for _ in range(pauses):
                await asyncio.sleep(0)
        finally:
            self.running.discard(number)
        return number

    def jobs(self, *weights: int) -> list[Job[int]]:
        """Return jobs of which the first ones take longest."""
        return [
            Job(partial(self.work, number, pauses=20 - number), weight)
            for number, weight in enumerate(weights)
        ]


async def _all(items: AsyncGenerator[int]) -> list[int]:
    return [item async for item in items]


async def test_results_come_in_the_order_of_the_jobs() -> None:
    bench = _Bench()
    assert await _all(in_order(bench.jobs(*[1] * 12), at_once=5)) == list(range(12))
    assert bench.most == 5


async def test_a_heavy_job_runs_alone() -> None:
    bench = _Bench()
    seen: list[set[int]] = []

    async def heavy() -> int:
        seen.append(set(bench.running))
        return 9

    jobs = [*bench.jobs(1, 1), Job(heavy, weight=7), *bench.jobs(1)]
    assert await _all(in_order(jobs, at_once=5)) == [0, 1, 9, 0]
    assert seen == [set()]


async def test_what_runs_when_nobody_waits_any_more_is_cancelled() -> None:
    bench = _Bench()
    endless = [Job(partial(bench.work, number, pauses=10**9)) for number in range(1, 9)]
    async with aclosing(in_order([*bench.jobs(1), *endless], at_once=4)) as results:
        assert await anext(results) == 0
        assert bench.running == {1, 2, 3}
    assert bench.running == set()
    assert bench.begun == [0, 1, 2, 3]


async def test_a_job_that_fails_takes_those_beside_it_with_it() -> None:
    bench = _Bench()

    async def fail() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        await _all(in_order([Job(fail), *bench.jobs(1, 1)], at_once=5))
    assert bench.running == set()


async def _counted(made: list[int], until: int) -> AsyncGenerator[int]:
    try:
        for number in range(until):
            made.append(number)
            yield number
    finally:
        made.append(-1)


async def test_the_next_item_is_made_while_the_caller_works_and_no_further_one() -> None:
    made: list[int] = []
    async for item in one_ahead(_counted(made, 4)):
        await asyncio.sleep(0.01)
        assert made[-1] == (item + 1 if item < 3 else -1)
    assert made == [0, 1, 2, 3, -1]


async def test_items_are_closed_with_who_reads_them_ahead() -> None:
    made: list[int] = []
    async with aclosing(one_ahead(_counted(made, 9))) as items:
        assert await anext(items) == 0
    assert made[-1] == -1
    assert len(made) < 9
