"""Let calls of models begin within the limits of their key and of its person."""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Final
from uuid import uuid4

from contracts.problems import ServiceUnreachable
from inference.gateway.ports import Call
from inference.prices import Price, Used
from service.bug_trace import tell_if_it_breaks
from service.callers import KeyCaller
from service.limits.bucket import Bucket
from service.limits.leases import Leases
from service.limits.problems import LimitReached, Whose
from service.limits.spans import MICROYEN, Cap, Limits, Measure, span_at
from service.limits.streams import Streams
from service.records.database import Database

_EVERY_S: Final = 1.0
_KEPT_UP_EVERY: Final = 10
"""Of those turns: also processes that are killed let calls go only after three times as long."""
_HEADERS: Final[dict[Measure, bytes]] = {"requests": b"requests", "tokens": b"tokens"}
_HUNDREDTH: Final = MICROYEN // 100
_LOG: Final = logging.getLogger(__name__)

Headers = Sequence[tuple[bytes, bytes]]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Held:
    """What a call holds of the limits until it has ended."""

    parts: Sequence[tuple[Bucket, int]]
    streams: Sequence[Streams]
    headers: Headers
    is_settled: bool = False

    def settle(self, used: Used, price: Price) -> None:
        """Count what was used instead of what was held; a second time nothing happens."""
        if self.is_settled:
            return
        self.is_settled = True
        for bucket, held in self.parts:
            bucket.left += held - _amount(bucket.cap.measure, used, price)
        for streams in self.streams:
            streams.end()


@dataclass(slots=True, kw_only=True)
class Limiting:
    """The limits of everybody, as far as calls come to this process."""

    leases: Leases
    now: Callable[[], datetime] = _now
    clock: Callable[[], float] = monotonic
    _buckets: dict[tuple[str, str], Bucket] = field(default_factory=dict[tuple[str, str], Bucket])
    _streams: dict[str, Streams] = field(default_factory=dict[str, Streams])
    _taking: dict[tuple[str, str], asyncio.Lock] = field(
        default_factory=dict[tuple[str, str], asyncio.Lock]
    )
    _leasing: set[asyncio.Task[int]] = field(default_factory=set[asyncio.Task[int]])

    async def take(self, caller: KeyCaller, call: Call) -> Held:
        """Hold the most that a call may use of every limit, or nothing.

        Raises:
            LimitReached: one of the limits does not allow it.
            ServiceUnreachable: the database does not answer.
        """
        while True:
            wanted = self._wanted(caller, call)
            short = [part for part in wanted if part[0].lacks(part[1])]
            streams = self._streams_of(caller)
            full = [each for each in streams if not each.has_room]
            if not short and not full:
                return self._hold(wanted, streams)
            for bucket, amount in short[:1]:
                await self._take_more(bucket, amount)
            for each in full[: 0 if short else 1]:
                await each.make_room()

    def _hold(self, wanted: Sequence[tuple[Bucket, int]], streams: Sequence[Streams]) -> Held:
        for bucket, amount in wanted:
            bucket.left -= amount
        for each in streams:
            each.begin()
        return Held(wanted, streams, _headers([bucket for bucket, _ in wanted], self.now()))

    def _wanted(self, caller: KeyCaller, call: Call) -> list[tuple[Bucket, int]]:
        """Return every limit that counts the call, and how much of it the call is to hold."""
        wanted: list[tuple[Bucket, int]] = []
        now = self.now()
        for subject, limits in _subjects(caller):
            for cap in limits.caps():
                bucket = self._bucket(subject, cap, now)
                amount = _amount(cap.measure, call.most, call.price)
                wanted.append((bucket, bucket.amount(amount)))
        return wanted

    def _bucket(self, subject: str, cap: Cap, now: datetime) -> Bucket:
        """Return what is held of a limit now; of a span that is over nothing is."""
        key = subject, cap.name
        bucket = self._buckets.get(key)
        if bucket is None or now >= bucket.span.ends_at:
            bucket = self._buckets[key] = Bucket(subject, cap, span_at(cap.period, now))
        elif bucket.cap != cap:
            bucket.adopt(cap)
        return bucket

    async def _take_more(self, bucket: Bucket, amount: int) -> None:
        async with self._lock(bucket):
            needed = bucket.lacks(amount)
            if not needed:
                return  # somebody took enough meanwhile
            if bucket.is_known_to_be_full(amount, now=self.clock()):
                raise self._reached(bucket)
            wanted = bucket.worth_taking(amount)
            leasing = asyncio.create_task(self._lease(bucket, needed=needed, wanted=wanted))
            self._leasing.add(leasing)
            leasing.add_done_callback(self._leasing.discard)
            # What is taken for a caller who hangs up meanwhile is there for others.
            if not await asyncio.shield(leasing):
                raise self._reached(bucket)

    async def _lease(self, bucket: Bucket, *, needed: int, wanted: int) -> int:
        granted = await self.leases.take(bucket, needed=needed, wanted=wanted)
        bucket.left += granted.amount
        bucket.free, bucket.seen_at = granted.free, self.clock()
        return granted.amount

    def _lock(self, bucket: Bucket) -> asyncio.Lock:
        return self._taking.setdefault((bucket.subject, bucket.cap.name), asyncio.Lock())

    def _reached(self, bucket: Bucket) -> LimitReached:
        return LimitReached(
            bucket.cap.name,
            whose=_whose(bucket.subject),
            most=bucket.cap.told,
            retry_after_s=max(0.0, (bucket.span.ends_at - self.now()).total_seconds()),
        )

    def _streams_of(self, caller: KeyCaller) -> list[Streams]:
        found: list[Streams] = []
        for subject, limits in _subjects(caller):
            if limits.streams is None:
                continue
            streams = self._streams.get(subject)
            if streams is None:
                streams = Streams(self.leases, subject, _whose(subject), limits.streams)
                self._streams[subject] = streams
            streams.most = limits.streams
            found.append(streams)
        return found

    async def even_out(self) -> None:
        """Tell the database what this process owes, and leave others what it hardly needs.

        Raises:
            ServiceUnreachable: the database does not answer.
        """
        for bucket in list(self._buckets.values()):
            if bucket.unwanted and self.now() < bucket.span.ends_at:
                async with self._lock(bucket):
                    await self._give_back(bucket, bucket.unwanted)
        for streams in list(self._streams.values()):
            if streams.holds_many:
                await streams.keep()

    async def keep_up(self) -> None:
        """Tell the database what this process owes and holds; forget what is over.

        Raises:
            ServiceUnreachable: the database does not answer.
        """
        await self.even_out()
        for streams in list(self._streams.values()):
            await streams.keep()
            if streams.is_idle:
                del self._streams[streams.subject]
        now = self.now()
        self._buckets = {
            key: each for key, each in self._buckets.items() if now < each.span.ends_at
        }
        self._taking = {key: lock for key, lock in self._taking.items() if key in self._buckets}
        await self.leases.drop_past()

    async def close(self) -> None:
        """Give back all that is held and not used.

        Raises:
            ServiceUnreachable: the database does not answer; what is held is lost to its owners.
        """
        if self._leasing:
            await asyncio.wait(self._leasing)
        for bucket in self._buckets.values():
            unused = bucket.idle + bucket.left
            if unused and self.now() < bucket.span.ends_at:
                await self._give_back(bucket, unused)
        await self.leases.drop_streams()

    async def _give_back(self, bucket: Bucket, amount: int) -> None:
        idle, left = bucket.idle, amount - bucket.idle
        bucket.idle, bucket.left = 0, bucket.left - left
        try:
            bucket.free = await self.leases.give_back(bucket, amount)
            bucket.seen_at = self.clock()
        except BaseException:
            bucket.idle += idle
            bucket.left += left
            raise


@asynccontextmanager
async def limiting(database: Database) -> AsyncGenerator[Limiting]:
    """Limit the calls of this process while the block runs."""
    limits = Limiting(leases=Leases(database=database, holder=str(uuid4()), now=_now))
    is_over = asyncio.Event()
    keeping = asyncio.create_task(_keep_up(limits, is_over))
    tell_if_it_breaks(keeping, _LOG, "Limits are kept up no more")
    try:
        yield limits
    finally:
        is_over.set()  # not cancelled: what is just given back would be given back again
        await asyncio.wait([keeping])
        try:
            await limits.close()
        except ServiceUnreachable as error:
            _LOG.warning("Parts of limits are not given back: %s", error)


async def _keep_up(limits: Limiting, is_over: asyncio.Event) -> None:
    turn = 0
    while not await _is_set_within(_EVERY_S, is_over):
        turn += 1
        try:
            await (limits.even_out() if turn % _KEPT_UP_EVERY else limits.keep_up())
        except ServiceUnreachable as error:
            _LOG.warning("Limits wait for the database: %s", error)


async def _is_set_within(time_s: float, event: asyncio.Event) -> bool:
    try:
        return await asyncio.wait_for(event.wait(), time_s)
    except TimeoutError:
        return False


def _subjects(caller: KeyCaller) -> list[tuple[str, Limits]]:
    return [
        (f"key:{caller.family}", caller.limits),
        (f"person:{caller.principal.id}", caller.person_limits),
    ]


def _whose(subject: str) -> Whose:
    return "key" if subject.startswith("key:") else "person"


def _amount(measure: Measure, used: Used, price: Price) -> int:
    match measure:
        case "requests":
            return 1
        case "tokens":
            return used.tokens
        case "microyen":
            return price.of(used)


def _headers(buckets: Sequence[Bucket], now: datetime) -> Headers:
    """Return what OpenAI's clients read, and what is left of money: always the nearest limit."""
    headers: list[tuple[bytes, bytes]] = []
    for measure, name in _HEADERS.items():
        of_it = [each for each in buckets if each.cap.measure == measure]
        if not of_it:
            continue
        nearest = min(of_it, key=lambda each: each.remaining)
        resets_s = max(0.0, (nearest.span.ends_at - now).total_seconds())
        headers += [
            (b"x-ratelimit-limit-" + name, b"%d" % nearest.cap.most),
            (b"x-ratelimit-remaining-" + name, b"%d" % nearest.remaining),
            (b"x-ratelimit-reset-" + name, b"%ds" % math.ceil(resets_s)),
        ]
    money = [each.remaining for each in buckets if each.cap.measure == "microyen"]
    if money:
        yen = f"{min(money) // _HUNDREDTH / 100:.2f}".encode()
        headers.append((b"x-fumikura-budget-remaining-yen", yen))
    return headers
