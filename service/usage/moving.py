"""Move records from the journal to the database, each once, whatever is killed in between."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import insert, select

from contracts.problems import ServiceUnreachable
from service.records.database import Database
from service.records.models import UsageRow
from service.usage.journal import Journal, Segment
from service.usage.record import UsageRecord

_EVERY_S: Final = 1.0
_LOOK_EVERY: Final = 30
"""Rounds between two looks for files of processes that are gone."""
_TOGETHER: Final = 500
_LONGEST_PAUSE_S: Final = 30.0
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Mover:
    """Moves what one process appends, and what others left behind."""

    journal: Journal
    database: Database
    _waiting: list[Segment] = field(default_factory=list[Segment])

    async def move(self, *, also_left_behind: bool = False) -> int:
        """Move everything; return how many records there were.

        Raises:
            ServiceUnreachable: the database does not answer; what is left is moved later.
        """
        if (own := self.journal.turn()) is not None:
            self._waiting.append(own)
        if also_left_behind:
            self._waiting += await asyncio.to_thread(lambda: list(self.journal.left_behind()))
        moved = 0
        while self._waiting:
            records = await asyncio.to_thread(self._waiting[0].records)
            await self._insert(records)
            # Only now: a kill before this line moves it again, and finds all of it there.
            self._waiting.pop(0).drop()
            moved += len(records)
        return moved

    async def _insert(self, records: Sequence[UsageRecord]) -> None:
        for some in _batches(records):
            async with self.database.write() as session:
                ids = [record.id for record in some]
                there = set(await session.scalars(select(UsageRow.id).where(UsageRow.id.in_(ids))))
                new = [record.columns for record in some if record.id not in there]
                if new:
                    await session.execute(insert(UsageRow), new)

    async def run(self) -> None:
        """Move every second, for ever; while the database is away ever more seldom."""
        round_, pause_s = 0, _EVERY_S
        while True:
            try:
                await self.move(also_left_behind=round_ % _LOOK_EVERY == 0)
                await asyncio.to_thread(self.journal.sync)
                pause_s = _EVERY_S
                round_ += 1
            except ServiceUnreachable as error:
                if pause_s == _EVERY_S:
                    _LOG.warning("Records of usage wait for the database: %s", error)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)


def _batches(records: Sequence[UsageRecord]) -> list[Sequence[UsageRecord]]:
    return [records[at : at + _TOGETHER] for at in range(0, len(records), _TOGETHER)]


@asynccontextmanager
async def moved(journal: Journal, database: Database) -> AsyncGenerator[Mover]:
    """Move records while the block runs, and what is left at its end."""
    mover = Mover(journal, database)
    running = asyncio.create_task(mover.run())
    try:
        yield mover
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        try:
            await mover.move()
        except ServiceUnreachable as error:
            _LOG.warning("Records of usage stay in the data folder: %s", error)
        journal.close()
