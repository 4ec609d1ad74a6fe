"""A model's server that is kept: started when it is wanted, and again when it ended by itself."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from contracts.problems import Problem
from inference.runtimes.owned import log_of
from inference.runtimes.process import Options, Running, running
from inference.runtimes.to_serve import ToServe

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
_LOOKS_EACH_IDLE_TIME: Final = 20
_LOG: Final = logging.getLogger(__name__)


class Places(Protocol):
    """Where calls are sent to: told of each server that is ready, and before it is ended."""

    def add(self, url: str) -> "Load":
        """Send calls there."""
        ...

    def remove(self, url: str) -> None:
        """Send no more calls there."""
        ...


class Load(Protocol):
    """How busy a server is, as who sends the calls counts them."""

    @property
    def in_flight(self) -> int:
        """Calls that it works on."""
        ...

    @property
    def calls(self) -> int:
        """All that it was given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """How a server is kept."""

    idle_s: float | None = None
    """Without a call for so long, it is ended until the next one; None: never."""
    first_pause_s: float = _FIRST_PAUSE_S
    """After a server that failed, until the next try: doubled each time, up to a minute."""


class Kept:
    """One server at most, while somebody wants it."""

    def __init__(self, served: ToServe, options: Options, keeping: Keeping) -> None:
        """Take what to serve; nothing is started before `wake`."""
        self.served = served
        self.log = log_of(options.log_folder, served.id)
        self._options = options
        self._keeping = keeping
        self._wanted = asyncio.Event()
        self._news = asyncio.Condition()
        self.starts = 0
        self.failure: Problem | None = None
        """Why the last try failed; None once it did not."""
        self.url: str | None = None

    def wake(self) -> None:
        """Let it be started, if it is not; returns at once."""
        self._wanted.set()

    @property
    def is_wanted(self) -> bool:
        """Tell whether it runs, or is being started."""
        return self._wanted.is_set()

    async def started(self) -> str:
        """Wait until it is ready, and return its URL.

        Raises:
            Problem: the first try failed; see `inference.runtimes.process.running`.
        """
        self.wake()
        async with self._news:
            await self._news.wait_for(lambda: self.url is not None or self.failure is not None)
        if self.url is None:
            raise self.failure or RuntimeError("neither ready nor failed")
        return self.url

    @asynccontextmanager
    async def within(self, places: Places) -> AsyncGenerator[None]:
        """Keep it within the block, which drains it and ends it."""
        keeping = asyncio.create_task(self._keep(places))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])

    async def _keep(self, places: Places) -> None:
        clock: Callable[[], float] = asyncio.get_running_loop().time
        pause_s = self._keeping.first_pause_s
        while True:
            await self._wanted.wait()
            began = clock()
            try:
                if await self._serve(places):
                    continue
                _LOG.error("The server of %s ended; it is started anew", self.served.id)
            except Problem as problem:
                _LOG.error("%s %s", problem.message, problem.hint)
                await self._tell(url=None, failure=problem)
            if clock() - began > _LONGEST_PAUSE_S:
                pause_s = self._keeping.first_pause_s
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _serve(self, places: Places) -> bool:
        """Run a server until it is not used for long enough; return False where it ended before."""
        self.starts += 1
        async with running(self.served, self._options) as server:
            load = places.add(server.url)
            await self._tell(url=server.url, failure=None)
            try:
                is_unused = await self._is_unused(load, server)
                if is_unused:
                    self._wanted.clear()
            finally:
                places.remove(server.url)
                self.url = None
        return is_unused

    async def _is_unused(self, load: Load, server: Running) -> bool:
        """Return True once it was not used for long enough, False once it ended by itself."""
        ending = asyncio.create_task(server.ended())
        unused = asyncio.create_task(_unused(load, self._keeping.idle_s))
        try:
            await asyncio.wait([ending, unused], return_when=asyncio.FIRST_COMPLETED)
            return not ending.done()
        finally:
            ending.cancel()
            unused.cancel()
            await asyncio.gather(ending, unused, return_exceptions=True)

    async def _tell(self, *, url: str | None, failure: Problem | None) -> None:
        async with self._news:
            self.url, self.failure = url, failure
            self._news.notify_all()


async def _unused(load: Load, idle_s: float | None) -> None:
    """Return once there was no call for so long; never, where that is None."""
    if idle_s is None:
        await asyncio.Event().wait()
        return
    clock: Callable[[], float] = asyncio.get_running_loop().time
    calls, since = load.calls, clock()
    while clock() - since < idle_s:
        await asyncio.sleep(idle_s / _LOOKS_EACH_IDLE_TIME)
        if load.in_flight or load.calls != calls:
            calls, since = load.calls, clock()
