"""Limits hold: for many callers at once, in several processes, over the end of a minute."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta

import pytest

from inference.prices import FREE
from service.limits.leases import Leases
from service.limits.limiting import Held, Limiting, limiting
from service.limits.problems import LimitReached
from service.limits.spans import Limits
from service.records.database import Database, open_database
from tests.service.limits.people import PRICE, call, caller, used


class _Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 25, 3, 0, 10, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return self.at.timestamp()

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


Open = Callable[[], Limiting]


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    async with open_database(database_url) as opened:
        yield opened


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def process(database: Database, clock: _Clock) -> Open:
    """Returns the limits as another process has them."""
    holders = iter("abcdef")

    def opened() -> Limiting:
        leases = Leases(database=database, holder=next(holders), now=clock.now)
        return Limiting(leases=leases, now=clock.now, clock=clock.seconds)

    return opened


async def admitted(limits: Limiting, number: int, **given: Limits) -> list[Held]:
    """Let so many call at once; return what those hold that were let."""
    who = caller(given.get("key", Limits()), person=given.get("person", Limits()))
    tried = await asyncio.gather(
        *(limits.take(who, call()) for _ in range(number)), return_exceptions=True
    )
    assert all(isinstance(each, Held | LimitReached) for each in tried), tried
    return [each for each in tried if isinstance(each, Held)]


async def test_of_two_hundred_callers_as_many_are_let_as_the_limit_says(process: Open) -> None:
    assert len(await admitted(process(), 200, key=Limits(requests_per_minute=50))) == 50


async def test_all_processes_together_let_no_more_than_the_limit(process: Open) -> None:
    limit = Limits(requests_per_minute=50)
    let = await asyncio.gather(*(admitted(process(), 60, key=limit) for _ in range(3)))
    assert sum(map(len, let)) == 50


async def test_a_limit_begins_anew_with_the_next_minute(process: Open, clock: _Clock) -> None:
    limits, limit = process(), Limits(requests_per_minute=5)
    assert len(await admitted(limits, 9, key=limit)) == 5
    with pytest.raises(LimitReached) as caught:
        await limits.take(caller(limit), call())
    assert caught.value.retry_after_s == 50.0
    clock.pass_by(seconds=50)
    assert len(await admitted(limits, 9, key=limit)) == 5


async def test_what_a_call_did_not_use_is_there_for_others(process: Open) -> None:
    limits, limit = process(), Limits(tokens_per_minute=100)
    held = [await limits.take(caller(limit), call(tokens=50)) for _ in range(2)]
    with pytest.raises(LimitReached, match="tokens_per_minute"):
        await limits.take(caller(limit), call(tokens=50))
    held[0].settle(used(10), FREE)
    held[0].settle(used(10), FREE)
    await limits.take(caller(limit), call(tokens=40))
    with pytest.raises(LimitReached):
        await limits.take(caller(limit), call(tokens=1))


async def test_a_call_that_used_more_than_it_held_is_counted_in_full_everywhere(
    process: Open, clock: _Clock
) -> None:
    limits, limit = process(), Limits(tokens_per_day=100)
    held = await limits.take(caller(limit), call(tokens=10))
    held.settle(used(120), FREE)
    await limits.keep_up()
    clock.pass_by(seconds=2)
    for each in (limits, process()):
        with pytest.raises(LimitReached):
            await each.take(caller(limit), call(tokens=1))


async def test_a_call_that_alone_is_over_the_limit_gets_all_of_it(process: Open) -> None:
    limits, limit = process(), Limits(tokens_per_day=100)
    held = await limits.take(caller(limit), call(tokens=5_000))
    with pytest.raises(LimitReached):
        await limits.take(caller(limit), call(tokens=1))
    held.settle(used(30), FREE)
    await limits.take(caller(limit), call(tokens=70))


async def test_money_is_limited_too(process: Open) -> None:
    limits, limit = process(), Limits(yen_per_month=10)
    held = await limits.take(caller(limit), call(tokens=10))
    with pytest.raises(LimitReached, match="10 yen in a month"):
        await limits.take(caller(limit), call(tokens=1))
    held.settle(used(3), PRICE)
    await limits.take(caller(limit), call(tokens=7))


async def test_a_person_is_limited_over_all_keys_and_a_refusal_takes_nothing(
    process: Open,
) -> None:
    limits, person = process(), Limits(requests_per_minute=3)
    for family in ("k1", "k2", "k3"):
        await limits.take(
            caller(Limits(requests_per_minute=2), person=person, family=family), call()
        )
    refused = caller(Limits(requests_per_minute=2), person=person, family="k1")
    with pytest.raises(LimitReached, match="all your keys"):
        await limits.take(refused, call())
    await limits.take(caller(Limits(requests_per_minute=2), family="k1"), call())


async def test_calls_at_once_are_limited_in_all_processes(process: Open, clock: _Clock) -> None:
    limit = Limits(streams=5)
    one, other = process(), process()
    held = await admitted(one, 9, key=limit)
    assert len(held) == 5
    assert await admitted(other, 9, key=limit) == []
    for each in held[:3]:
        each.settle(used(1), FREE)
    await one.keep_up()
    clock.pass_by(seconds=1)
    assert len(await admitted(other, 9, key=limit)) == 3


async def test_a_process_that_was_killed_lets_its_calls_go(process: Open, clock: _Clock) -> None:
    limit = Limits(streams=5)
    await admitted(process(), 5, key=limit)
    other = process()
    assert await admitted(other, 5, key=limit) == []
    clock.pass_by(seconds=31)
    assert len(await admitted(other, 5, key=limit)) == 5


async def test_what_a_process_holds_and_did_not_use_is_given_back_at_its_end(
    process: Open,
) -> None:
    limit = Limits(tokens_per_day=100)
    one = process()
    (await one.take(caller(limit), call(tokens=60))).settle(used(60), FREE)
    held = await one.take(caller(limit), call(tokens=40))
    held.settle(used(0), FREE)
    await one.close()
    await process().take(caller(limit), call(tokens=40))


async def test_a_limit_that_an_operator_lowers_holds_at_once(process: Open) -> None:
    limits = process()
    assert len(await admitted(limits, 10, key=Limits(requests_per_minute=100))) == 10
    assert await admitted(limits, 5, key=Limits(requests_per_minute=10)) == []


async def test_headers_say_what_is_left(process: Open) -> None:
    limits = process()
    limit = Limits(requests_per_minute=60, tokens_per_minute=1_000)
    held = await limits.take(caller(limit), call(tokens=100))
    assert dict(held.headers) == {
        b"x-ratelimit-limit-requests": b"60",
        b"x-ratelimit-remaining-requests": b"59",
        b"x-ratelimit-reset-requests": b"50s",
        b"x-ratelimit-limit-tokens": b"1000",
        b"x-ratelimit-remaining-tokens": b"900",
        b"x-ratelimit-reset-tokens": b"50s",
    }


async def test_without_limits_the_database_is_not_asked(process: Open, database: Database) -> None:
    limits, before = process(), database.version()
    held = await limits.take(caller(), call())
    held.settle(used(10), FREE)
    assert database.version() == before


async def test_a_large_call_that_ended_leaves_the_budget_to_other_processes(
    process: Open, clock: _Clock
) -> None:
    limit = Limits(tokens_per_day=1_600)
    one, other = process(), process()
    held = await one.take(caller(limit), call(tokens=1_600))
    with pytest.raises(LimitReached):
        await other.take(caller(limit), call(tokens=100))
    held.settle(used(100), FREE)
    await one.even_out()
    clock.pass_by(seconds=1)
    await other.take(caller(limit), call(tokens=1_400))
    await one.take(caller(limit), call(tokens=100))
    with pytest.raises(LimitReached):
        await one.take(caller(limit), call(tokens=1))


async def test_a_call_that_runs_while_the_limit_changes_is_counted_in_full(
    process: Open,
) -> None:
    limits = process()
    held = await limits.take(caller(Limits(tokens_per_day=1_000)), call(tokens=10))
    await limits.take(caller(Limits(tokens_per_day=500)), call(tokens=10))
    held.settle(used(490), FREE)
    await limits.keep_up()
    with pytest.raises(LimitReached):
        await process().take(caller(Limits(tokens_per_day=500)), call(tokens=1))


async def test_what_is_taken_for_a_caller_who_hangs_up_is_there_for_others(process: Open) -> None:
    limits, limit = process(), Limits(tokens_per_day=100)
    leaving = asyncio.create_task(limits.take(caller(limit), call(tokens=100)))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    await limits.close()
    await process().take(caller(limit), call(tokens=100))


async def test_use_beyond_all_measure_is_counted_as_far_as_databases_count(process: Open) -> None:
    limits, limit = process(), Limits(tokens_per_day=100)
    (await limits.take(caller(limit), call())).settle(used(2**80), FREE)
    await limits.keep_up()
    with pytest.raises(LimitReached):
        await process().take(caller(limit), call(tokens=1))


async def test_calls_at_once_that_ended_are_left_to_others_without_delay(process: Open) -> None:
    limit = Limits(streams=5)
    one = process()
    for each in await admitted(one, 5, key=limit):
        each.settle(used(1), FREE)
    await one.even_out()
    assert len(await admitted(process(), 5, key=limit)) == 5


async def test_a_header_says_what_is_left_of_the_money(process: Open) -> None:
    held = await process().take(
        caller(Limits(yen_per_month=100), person=Limits(yen_per_day=50)), call(tokens=10)
    )
    assert dict(held.headers) == {b"x-fumikura-budget-remaining-yen": b"40.00"}


async def test_a_refusal_says_whose_limit_it_is_and_when_it_is_free_again(process: Open) -> None:
    limits, person = process(), Limits(requests_per_minute=1)
    await limits.take(caller(person=person), call())
    with pytest.raises(LimitReached) as caught:
        await limits.take(caller(person=person), call())
    told = caught.value
    assert "all your keys" in str(told)
    assert "1人" in (told.message_ja or "")
    assert "50 s" in (told.hint or "")


async def test_limits_are_given_back_at_the_end_of_the_service(database: Database) -> None:
    limit = Limits(tokens_per_month=6_400)
    for _ in range(2):
        async with limiting(database) as limits:
            (await limits.take(caller(limit), call(tokens=6_400))).settle(used(0), FREE)
