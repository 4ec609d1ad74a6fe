"""How many calls of a subject run at once, in all processes."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from service.limits.leases import Leases
from service.limits.problems import LimitReached, Whose

_SHARE: Final = 8
_SOON_S: Final = 1.0
_KNOWN_FOR: Final = timedelta(seconds=1)


@dataclass(slots=True)
class Streams:
    """The calls of a subject in this process, and how many it may run without asking."""

    leases: Leases
    subject: str
    whose: Whose
    most: int
    running: int = 0
    held: int = 0
    _refused_at: datetime | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def has_room(self) -> bool:
        """Tell whether one call more may run."""
        return self.running < min(self.held, self.most)

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing runs, and nothing is held."""
        return not self.running and not self.held

    @property
    def holds_many(self) -> bool:
        """Tell whether more is held than calls that are about to come may want."""
        return self.held > self.running + self._share

    def begin(self) -> None:
        """Count a call; there must be room."""
        self.running += 1

    def end(self) -> None:
        """A call has ended."""
        self.running -= 1

    async def make_room(self) -> None:
        """Hold more.

        Raises:
            LimitReached: other calls hold all there is.
        """
        async with self._asking:
            if self.has_room:
                return
            needed = self.running + 1
            wanted = min(self.most, self.running + self._share)
            if needed <= self.most and not self._is_known_to_be_full():
                self.held = await self.leases.hold_streams(
                    self.subject, wanted=wanted, most=self.most, needed=needed
                )
                self._refused_at = None if self.has_room else self.leases.now()
            if not self.has_room:
                raise LimitReached(
                    "streams", whose=self.whose, most=self.most, retry_after_s=_SOON_S
                )

    async def keep(self) -> None:
        """Say that this process is there, and hold no more than runs."""
        async with self._asking:
            wanted = self.held = min(self.held, self.running)  # at once: who comes now waits
            self.held = await self.leases.hold_streams(
                self.subject, wanted=wanted, most=self.most, needed=0
            )

    @property
    def _share(self) -> int:
        return max(1, self.most // _SHARE)

    def _is_known_to_be_full(self) -> bool:
        """Tell whether asking the database is in vain: it refused within the last second."""
        at = self._refused_at
        return at is not None and self.leases.now() - at < _KNOWN_FOR
