"""When a request that failed is worth repeating, and how long to wait before."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, TypeVar

REPEATED: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses of servers that are busy or broken just now."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The clock, the waiting and the chance that retries depend on."""

    now: Callable[[], float] = time.time
    """Seconds since 1970."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    """From 0 up to 1."""


REAL_TIME: Final = Timing()


class Passing(Exception):
    """What went wrong may be over by the next try. `told_s` is how long the server says to wait."""

    def __init__(self, reason: str, *, told_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.told_s = told_s


def told_wait_s(retry_after: str | None, *, now: float) -> float | None:
    """Read `Retry-After`: seconds or an HTTP date. Never negative; None where it says nothing."""
    if retry_after is None:
        return None
    try:
        wait_s = float(retry_after)
    except ValueError:
        wait_s = _seconds_until(retry_after, now=now)
    return max(0.0, wait_s) if math.isfinite(wait_s) else None


def pause_s(tries_made: int, *, told_s: float | None, chance: float) -> float:
    """Return how long to wait before the next try: at least what the server told, and some jitter.

    Full jitter: evenly from nothing up to a bound that doubles with each try, so that callers who
    failed together do not come back together. Source: Brooker 2015, "Exponential Backoff And
    Jitter" (AWS Architecture Blog).
    """
    bound = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (tries_made - 1))
    return (told_s or 0.0) + chance * bound


async def persist(
    attempt: Callable[[], Awaitable[T]], *, tries: int, deadline_s: float, timing: Timing
) -> T:
    """Repeat what fails in passing, up to so many tries and so long in all.

    Raises:
        Passing: the last failure; also where the pause that it asks for ends after the deadline,
            and where the deadline came first.
    """
    ends_at = asyncio.get_running_loop().time() + deadline_s
    deadline = asyncio.timeout_at(ends_at)
    try:
        async with deadline:
            return await _repeated(attempt, tries=tries, ends_at=ends_at, timing=timing)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise Passing(f"it took longer than {deadline_s:g} s") from error


async def _repeated(
    attempt: Callable[[], Awaitable[T]], *, tries: int, ends_at: float, timing: Timing
) -> T:
    for tries_made in range(1, tries):
        try:
            return await attempt()
        except Passing as failure:
            wait_s = pause_s(tries_made, told_s=failure.told_s, chance=timing.chance())
            if asyncio.get_running_loop().time() + wait_s >= ends_at:
                raise
        await timing.sleep(wait_s)
    return await attempt()


def _seconds_until(http_date: str, *, now: float) -> float:
    """Return how far off the date is; NaN for what is no date."""
    try:
        moment = parsedate_to_datetime(http_date)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
    except (ValueError, OverflowError):
        return math.nan
