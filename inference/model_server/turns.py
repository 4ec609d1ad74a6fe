"""Whose turn it is: few at once, some waiting, the others told when to come back."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from inference.model_server.problems import ServerFull

_NEWEST_PART: Final = 0.3
"""How much the newest call says about how long the next one takes."""
_FIRST_GUESS_S: Final = 2.0


class Turns:
    """At most `at_once` work, and `waiting` wait for them, first come first served."""

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self._most = at_once + waiting
        self._here = 0
        self._usual_s = _FIRST_GUESS_S

    @property
    def here(self) -> int:
        """How many work or wait."""
        return self._here

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a turn, and have it within the block.

        Raises:
            ServerFull: too many wait already.
        """
        if self._here >= self._most:
            raise ServerFull(retry_after_s=self._usual_s * self._most / self._at_once)
        self._here += 1
        try:
            async with self._free:
                began = time.monotonic()
                yield
                took = time.monotonic() - began
                self._usual_s += _NEWEST_PART * (took - self._usual_s)
        finally:
            self._here -= 1
