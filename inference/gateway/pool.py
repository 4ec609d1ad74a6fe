"""The replicas of a model: which of them answer, how busy they are, and who waits for one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Generator, Iterable
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from inference.gateway.problems import ModelAway, ModelWarming
from inference.gateway.routing import Load, choose

_FAILURES: Final = 3
"""Answers in a row that say 'not now', after which a replica is left alone."""
_LOG: Final = logging.getLogger(__name__)

Wake = Callable[[], None]
"""Asks for a replica to be started, where none runs; returns at once, and may be called again."""

Probe = Callable[[str], Awaitable[bool]]
"""Tells whether the replica at a URL answers that it is ready; never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long calls are held for a model that is being started, and how many at once."""

    hold_s: float = 120.0
    most_held: int = 100
    start_s: float = 60.0
    """How long a start takes, as far as one knows: what those are told who are not held."""
    probe_every_s: float = 1.0
    tell_every_s: float = 10.0
    """Who reads a stream meanwhile is told that the model is being started."""


@dataclass(slots=True)
class Replica:
    """One that runs the model."""

    url: str
    in_flight: int = 0
    calls: int = 0
    """All that it was given."""
    failures: int = 0
    is_away: bool = False


class Pool:
    """Lends replicas for a call each. One that fails is left alone until it says it is ready."""

    def __init__(
        self,
        model: str,
        urls: Iterable[str],
        *,
        probe: Probe,
        patience: Patience | None = None,
        wake: Wake | None = None,
    ) -> None:
        """Take the replicas; all are thought to be there until one is found to be not.

        With `wake`, replicas may come and go: `add`, `remove`.
        """
        self.model = model
        self._wake = wake
        self.patience = patience or Patience()
        self._replicas = {url: Replica(url) for url in urls}
        self._probe = probe
        self._probing: dict[str, asyncio.Task[None]] = {}
        self._ready = asyncio.Event()
        self._held = 0
        if self._replicas:
            self._ready.set()

    @property
    def replicas(self) -> list[Replica]:
        """All of them, those that are away included."""
        return list(self._replicas.values())

    @property
    def held(self) -> int:
        """How many calls wait for a replica."""
        return self._held

    @property
    def is_away(self) -> bool:
        """Tell whether no replica answers."""
        return all(each.is_away for each in self._replicas.values())

    def pick(self, *, prefix: bytes | None, tried: AbstractSet[str]) -> Replica | None:
        """Return the replica for a call; None where all are away or were tried."""
        loads = [
            Load(each.url, each.in_flight)
            for each in self._replicas.values()
            if not each.is_away and each.url not in tried
        ]
        url = choose(loads, prefix=prefix)
        return None if url is None else self._replicas[url]

    def add(self, url: str) -> Replica:
        """Take in a replica that is ready."""
        replica = self._replicas[url] = Replica(url)
        self._ready.set()
        return replica

    def remove(self, url: str) -> None:
        """Give no more calls to a replica, which will not come back."""
        del self._replicas[url]
        if (probing := self._probing.pop(url, None)) is not None:
            probing.cancel()
        if self.is_away:
            self._ready.clear()

    @contextmanager
    def working(self, replica: Replica) -> Generator[None]:
        """Count a call that a replica works on."""
        replica.in_flight += 1
        replica.calls += 1
        try:
            yield
        finally:
            replica.in_flight -= 1

    def answered(self, replica: Replica) -> None:
        """Note that a replica does what it is there for."""
        replica.failures = 0

    def refused(self, replica: Replica) -> None:
        """Note that a replica answered that it cannot."""
        replica.failures += 1
        if replica.failures >= _FAILURES:
            self.lost(replica)

    def lost(self, replica: Replica) -> None:
        """Leave a replica alone that does not answer, and ask it until it is ready again."""
        if replica.is_away or self._replicas.get(replica.url) is not replica:
            return
        replica.is_away = True
        if self.is_away:
            self._ready.clear()
        _LOG.warning("A replica of %s does not answer: %s", self.model, replica.url)
        self._probing[replica.url] = asyncio.create_task(self._until_ready(replica))

    @contextmanager
    def place(self) -> Generator[None]:
        """Take a place among those who wait.

        Raises:
            ModelWarming: they are too many.
        """
        if self._held >= self.patience.most_held:
            raise ModelWarming(self.model, retry_after_s=self.patience.start_s)
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    async def wait(self, *, within_s: float) -> None:
        """Wait until a replica is ready; take a `place` first.

        Raises:
            ModelAway: there are none, so that none will be.
            TimeoutError: none was until then.
        """
        if self._wake is not None:
            self._wake()
        elif not self._replicas:
            raise ModelAway(self.model, retry_after_s=self.patience.start_s)
        async with asyncio.timeout(within_s):
            await self._ready.wait()

    async def close(self) -> None:
        """Ask replicas no longer."""
        for task in self._probing.values():
            task.cancel()
        await asyncio.gather(*self._probing.values(), return_exceptions=True)

    async def _until_ready(self, replica: Replica) -> None:
        while True:
            if await self._probe(replica.url):
                break
            await asyncio.sleep(self.patience.probe_every_s)
        replica.is_away = False
        replica.failures = 0
        self._ready.set()
        del self._probing[replica.url]
        _LOG.warning("A replica of %s answers again: %s", self.model, replica.url)
