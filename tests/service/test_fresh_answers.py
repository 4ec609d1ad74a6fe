"""Answers are asked for once, count for a while, and never longer."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import pytest

from service.access.fresh_answers import FreshAnswers

MAX_AGE_S = 60.0


@dataclass
class _Clock:
    time: float = 1000.0

    def __call__(self) -> float:
        return self.time


@dataclass
class _Oracle:
    """Gives the number of the question as its answer, once it is let."""

    asked: int = 0
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        await self.may_answer.wait()
        return number


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def oracle() -> _Oracle:
    ready = _Oracle()
    ready.may_answer.set()
    return ready


@pytest.fixture
async def answers(clock: _Clock) -> AsyncGenerator[FreshAnswers[str, int]]:
    kept = FreshAnswers[str, int](max_age_s=MAX_AGE_S, deadline_s=20, clock=clock)
    yield kept
    await kept.aclose()


async def test_an_answer_counts_until_its_time_is_over(
    answers: FreshAnswers[str, int], clock: _Clock, oracle: _Oracle
) -> None:
    given = [await answers.get("a", oracle)]
    clock.time += MAX_AGE_S - 0.001
    given.append(await answers.get("a", oracle))
    clock.time += 0.001
    given.append(await answers.get("a", oracle))
    assert given == [1, 1, 2]


async def test_a_clock_that_goes_backwards_makes_nothing_count_longer(
    answers: FreshAnswers[str, int], clock: _Clock, oracle: _Oracle
) -> None:
    given = [await answers.get("a", oracle)]
    clock.time -= 1
    given.append(await answers.get("a", oracle))
    assert given == [1, 2]


async def test_its_time_begins_when_it_is_asked_for(
    answers: FreshAnswers[str, int], clock: _Clock
) -> None:
    slow = _Oracle()
    waiting = asyncio.create_task(answers.get("a", slow))
    await asyncio.sleep(0)
    clock.time += MAX_AGE_S
    slow.may_answer.set()
    assert await waiting == 1
    assert await answers.get("a", slow) == 2


async def test_all_who_wait_for_the_same_ask_once(answers: FreshAnswers[str, int]) -> None:
    slow = _Oracle()
    waiting = [asyncio.create_task(answers.get("a", slow)) for _ in range(10)]
    await asyncio.sleep(0)
    slow.may_answer.set()
    assert await asyncio.gather(*waiting) == [1] * 10


async def test_each_question_has_its_own_answer(
    answers: FreshAnswers[str, int], oracle: _Oracle
) -> None:
    assert [await answers.get(key, oracle) for key in "aba"] == [1, 2, 1]


async def test_a_failure_is_told_to_all_who_wait_and_not_kept(
    answers: FreshAnswers[str, int], oracle: _Oracle
) -> None:
    async def fail() -> int:
        await asyncio.sleep(0)
        raise LookupError

    told = await asyncio.gather(*(answers.get("a", fail) for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in told] == [LookupError] * 3
    assert await answers.get("a", oracle) == 1


async def test_a_former_answer_does_not_outlive_a_failure(
    answers: FreshAnswers[str, int], clock: _Clock, oracle: _Oracle
) -> None:
    async def fail() -> int:
        raise LookupError

    await answers.get("a", oracle)
    clock.time += MAX_AGE_S
    for _ in range(2):
        with pytest.raises(LookupError):
            await answers.get("a", fail)


async def test_who_stops_waiting_does_not_stop_the_others(
    answers: FreshAnswers[str, int],
) -> None:
    slow = _Oracle()
    hasty, patient = (asyncio.create_task(answers.get("a", slow)) for _ in range(2))
    await asyncio.sleep(0)
    hasty.cancel()
    slow.may_answer.set()
    assert await patient == 1
    assert (await asyncio.gather(hasty, return_exceptions=True))[0].__class__ is (
        asyncio.CancelledError
    )


async def test_an_answer_that_takes_too_long_is_none(clock: _Clock) -> None:
    hasty = FreshAnswers[str, int](max_age_s=MAX_AGE_S, deadline_s=0.01, clock=clock)
    with pytest.raises(TimeoutError):
        await hasty.get("a", _Oracle())


async def test_closing_stops_what_is_still_asked_however_old(clock: _Clock) -> None:
    kept = FreshAnswers[str, int](max_age_s=MAX_AGE_S, deadline_s=20, clock=clock)
    waiting: list[asyncio.Task[int]] = []
    for _ in range(2):
        waiting.append(asyncio.create_task(kept.get("a", _Oracle())))
        await asyncio.sleep(0)
        clock.time += MAX_AGE_S
    await kept.aclose()
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in ended] == [asyncio.CancelledError] * 2
