"""Sync sources by the clock: each as often as it says, spread out, and once in all processes."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from service.bug_trace import trace_of
from service.records.sources import SourceRecord, SourceRecords

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S: Final = 15.0
_JITTER: Final = 0.1  # of the interval: sources that were added together drift apart


@dataclass(frozen=True, slots=True)
class NextSync:
    """What to do about a source now: set when it is due, and queue a sync or not."""

    at: datetime | None
    sync_now: bool


def next_sync(
    source: SourceRecord, *, default_every_s: float | None, now: datetime, chance: float
) -> NextSync | None:
    """Return what to do about a source, or None if that is nothing.

    One that was never scheduled waits for some part of its interval, so that those which were
    added together, or all at once by a setting, are not due together. `chance` is from 0 up to 1.
    """
    every_s = default_every_s if source.sync_every_s is None else source.sync_every_s
    if every_s is None:
        return None if source.next_sync_at is None else NextSync(None, sync_now=False)
    if source.next_sync_at is None or source.next_sync_at > now + timedelta(
        seconds=every_s * (1 + _JITTER)
    ):  # also one that is due later than the interval, since that was made shorter
        return NextSync(now + timedelta(seconds=every_s * chance), sync_now=False)
    if source.next_sync_at > now:
        return None
    wait_s = every_s * (1 + _JITTER * chance)
    return NextSync(now + timedelta(seconds=wait_s), sync_now=True)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Queues the syncs that are due; a job's worker, here or elsewhere, carries them out."""

    sources: SourceRecords
    default_every_s: float | None
    now: Callable[[], datetime] = _now
    chance: Callable[[], float] = random.random
    look_every_s: float = _LOOK_EVERY_S

    async def look(self) -> list[str]:
        """Do what is due now; return the sources whose sync was queued here."""
        queued: list[str] = []
        for source in await self.sources.list_all():
            todo = next_sync(
                source,
                default_every_s=self.default_every_s,
                now=self.now(),
                chance=self.chance(),
            )
            if todo is None:
                continue
            done = await self.sources.schedule(source, todo.at, sync_now=todo.sync_now)
            if done and todo.sync_now:
                queued.append(source.project_id)
        return queued

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Look again and again until the block ends."""
        clock = asyncio.create_task(self._run())
        try:
            yield
        finally:
            clock.cancel()
            with suppress(asyncio.CancelledError):
                await clock

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a clock that stands would be missed late
                _LOG.error("the schedule was cut off and goes on: %s", trace_of(error))
            await asyncio.sleep(self.look_every_s)
