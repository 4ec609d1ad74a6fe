"""Remember answers for a short time, and ask once for all who wait for the same one."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
AnswerT = TypeVar("AnswerT")


def since_boot() -> float:
    """Return the seconds since this machine started, those that it was suspended for included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class _Asked(Generic[AnswerT]):
    at: float
    answer: "asyncio.Task[AnswerT]"


class FreshAnswers(Generic[KeyT, AnswerT]):
    """No answer is given that was asked for longer than `max_age_s` ago; failures are not kept."""

    def __init__(
        self,
        *,
        max_age_s: float,
        deadline_s: float,
        clock: Callable[[], float] = since_boot,
    ) -> None:
        """Take how long an answer counts, from when it was asked for, and may take: less."""
        self._max_age_s = max_age_s
        self._deadline_s = deadline_s
        self._clock = clock
        self._asked: dict[KeyT, _Asked[AnswerT]] = {}
        self._running: set[asyncio.Task[AnswerT]] = set()

    async def get(self, key: KeyT, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        """Return a fresh answer, asked for now where there is none.

        One who stops waiting stops only itself.

        Raises:
            TimeoutError: there was none within the deadline.
        """
        asked = self._asked.get(key)
        if asked is None or self._is_old(asked):
            self._forget_old()
            asked = self._begin(key, ask)
        return await asyncio.shield(asked.answer)

    async def aclose(self) -> None:
        """Stop asking."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _begin(self, key: KeyT, ask: Callable[[], Awaitable[AnswerT]]) -> _Asked[AnswerT]:
        asked = _Asked(self._clock(), asyncio.create_task(self._in_time(ask)))
        self._asked[key] = asked
        self._running.add(asked.answer)
        asked.answer.add_done_callback(lambda task: self._ended(key, task))
        return asked

    async def _in_time(self, ask: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        async with asyncio.timeout(self._deadline_s):
            return await ask()

    def _is_old(self, asked: _Asked[AnswerT]) -> bool:
        """Tell also what comes from the future: the clock was set back."""
        return not 0 <= self._clock() - asked.at < self._max_age_s

    def _forget_old(self) -> None:
        for key in [key for key, asked in self._asked.items() if self._is_old(asked)]:
            del self._asked[key]

    def _ended(self, key: KeyT, task: "asyncio.Task[AnswerT]") -> None:
        self._running.discard(task)
        failed = task.cancelled() or task.exception() is not None
        if failed and (asked := self._asked.get(key)) is not None and asked.answer is task:
            del self._asked[key]
