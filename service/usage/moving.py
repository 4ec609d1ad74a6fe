"""Move records from the journal to the database, each once, whatever is killed in between."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import insert, select

from contracts.problems import ServiceUnreachable
from service.bug_trace import tell_if_it_breaks
from service.records.database import Database
from service.records.models import UsageRow
from service.usage.journal import Journal, Segment
from service.usage.record import UsageRecord

_EVERY_S: Final = 1.0
_TOGETHER: Final = 500
_LONGEST_PAUSE_S: Final = 30.0
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Mover:
    """Moves what one process appends, and what others left behind."""

    journal: Journal
    database: Database
    every_s: float = _EVERY_S

    async def move(self) -> int:
        """Move everything that nobody else moves; return how many records there were.

        Raises:
            ServiceUnreachable: the database does not answer; what is left is moved later.
            OSError: the disk does not take or give something; what is left is moved later.
        """
        await self._turn()
        moved = 0
        for segment in self.journal.ready():
            try:
                moved += await self._move(segment)
            finally:
                segment.close()
        return moved

    async def _turn(self) -> None:
        """Leave the records so far to whoever moves next, safe from a cut of the power."""
        if (own := self.journal.turn()) is not None:
            try:
                await asyncio.to_thread(own.sync)
            finally:
                own.close()

    async def _move(self, segment: Segment) -> int:
        moved = 0
        while (some := await asyncio.to_thread(segment.read_on, _TOGETHER)) is not None:
            await self._insert(some)
            moved += len(some)
        # Only now: a kill before this line moves it again, and finds all of it there.
        segment.drop()
        return moved

    async def _insert(self, some: Sequence[UsageRecord]) -> None:
        async with self.database.write() as session:
            ids = [record.id for record in some]
            there = set(await session.scalars(select(UsageRow.id).where(UsageRow.id.in_(ids))))
            new = [record.columns for record in some if record.id not in there]
            if new:
                await session.execute(insert(UsageRow), new)

    async def run(self) -> None:
        """Move every second, for ever; while the database or the disk fails ever more seldom."""
        pause_s = self.every_s
        while True:
            try:
                await self.move()
                pause_s = self.every_s
            except (ServiceUnreachable, OSError) as error:
                if pause_s == self.every_s:
                    _LOG.warning("Records of usage wait in the data folder: %s", error)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def sync(self) -> None:
        """Every second, for ever: write what a full disk did not take, make safe what it did."""
        is_failing = False
        while True:
            await asyncio.sleep(self.every_s)
            try:
                await self._sync()
                is_failing = False
            except OSError as error:
                if not is_failing:
                    _LOG.error("Records of usage would not survive a cut of the power: %s", error)
                is_failing = True

    async def _sync(self) -> None:
        self.journal.write()
        current = self.journal.current()
        try:
            await asyncio.to_thread(current.sync)
        finally:
            current.close()


@asynccontextmanager
async def moved(
    journal: Journal, database: Database, *, every_s: float = _EVERY_S
) -> AsyncGenerator[Mover]:
    """Move records while the block runs, and what is left at its end."""
    mover = Mover(journal, database, every_s)
    running = [asyncio.create_task(mover.run()), asyncio.create_task(mover.sync())]
    for task in running:
        tell_if_it_breaks(task, _LOG, "Records of usage are moved no more")
    try:
        yield mover
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        try:
            await mover.move()
        except (ServiceUnreachable, OSError) as error:
            _LOG.warning("Records of usage stay in the data folder: %s", error)
        finally:
            journal.close()
