"""Parts of limits, taken in the database for a process: all processes together take no more."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from service.limits.bucket import Bucket
from service.records.database import Database
from service.records.models import StreamsRow, TakenRow

_STREAMS_HELD_S: Final = 30.0
_MOST_TAKEN: Final = 2**62
"""No server that says it used absurdly much makes a number that databases do not hold."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What was taken, and what is left for all."""

    amount: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """Takes and gives back for one process, the `holder`."""

    database: Database
    holder: str
    now: Callable[[], datetime]

    async def take(self, bucket: Bucket, *, needed: int, wanted: int) -> Granted:
        """Take `wanted`, or what is left if that is `needed` at least; else nothing."""

        def decide(taken: int) -> int:
            free = bucket.cap.most - taken
            return min(wanted, free) if free >= needed else 0

        return await self._change(bucket, decide)

    async def give_back(self, bucket: Bucket, amount: int) -> int:
        """Give back what was not used; below 0, take what was used without asking.

        Returns what is left for all.
        """
        changed = await self._change(
            bucket, lambda taken: min(max(-amount, -taken), _MOST_TAKEN - taken)
        )
        return changed.free

    async def hold_streams(self, subject: str, *, wanted: int, most: int, needed: int) -> int:
        """Hold `wanted` calls at once for a subject, or as many as others leave, `needed` at least.

        Returns how many are held now: where that is below `needed`, there are no more.
        """
        try:
            return await self._hold(subject, wanted=wanted, most=most, needed=needed)
        except IntegrityError:  # PostgreSQL: another task of ours inserted the row meanwhile
            return await self._hold(subject, wanted=wanted, most=most, needed=needed)

    async def drop_streams(self) -> None:
        """Hold none any more."""
        async with self.database.write() as session:
            await session.execute(delete(StreamsRow).where(StreamsRow.holder == self.holder))

    async def drop_past(self) -> None:
        """Forget spans that are over, and processes that are gone."""
        async with self.database.write() as session:
            await session.execute(delete(TakenRow).where(TakenRow.ends_at < self.now()))
            await session.execute(delete(StreamsRow).where(StreamsRow.until < self.now()))

    async def _change(self, bucket: Bucket, decide: Callable[[int], int]) -> Granted:
        try:
            return await self._change_once(bucket, decide)
        except IntegrityError:  # PostgreSQL: another process inserted the row meanwhile
            return await self._change_once(bucket, decide)

    async def _change_once(self, bucket: Bucket, decide: Callable[[int], int]) -> Granted:
        key = {
            "subject": bucket.subject,
            "measure": bucket.cap.measure,
            "span": bucket.span.name,
        }
        async with self.database.write() as session:
            row = await session.scalar(select(TakenRow).filter_by(**key).with_for_update())
            if row is None:
                row = TakenRow(**key, taken=0, ends_at=bucket.span.ends_at)
                session.add(row)
            amount = decide(row.taken)
            row.taken += amount
            return Granted(amount, max(0, bucket.cap.most - row.taken))

    async def _hold(self, subject: str, *, wanted: int, most: int, needed: int) -> int:
        async with self.database.write() as session:
            await _lock(session, subject)
            held_by_others = await session.scalar(
                select(func.coalesce(func.sum(StreamsRow.held), 0)).where(
                    StreamsRow.subject == subject,
                    StreamsRow.holder != self.holder,
                    StreamsRow.until >= self.now(),
                )
            )
            free = most - (held_by_others or 0)
            row = await session.get(StreamsRow, (subject, self.holder))
            held = min(wanted, free) if free >= needed else (row.held if row is not None else 0)
            until = self.now() + timedelta(seconds=_STREAMS_HELD_S)
            if row is None:
                session.add(
                    StreamsRow(subject=subject, holder=self.holder, held=max(held, 0), until=until)
                )
            else:
                await session.execute(
                    update(StreamsRow)
                    .where(StreamsRow.subject == subject, StreamsRow.holder == self.holder)
                    .values(held=max(held, 0), until=until)
                )
            return max(held, 0)


async def _lock(session: AsyncSession, subject: str) -> None:
    """Let other processes wait that count calls of the same subject, until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtext(subject))))
