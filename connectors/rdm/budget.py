"""How many requests may be sent for one token: RDM's throttles, kept below."""

from dataclasses import dataclass, field
from typing import Final, Protocol

from connectors.rdm.problems import RdmBudgetSpent
from connectors.rdm.retry import REAL_TIME, Timing
from connectors.rdm.settings import RdmSettings

_DAY_S: Final = 86_400
_LONGEST_QUEUE_S: Final = 60.0  # nobody reserves so far ahead: the clock was set back


class RequestBudget(Protocol):
    """Shared by everything that uses one token, also by other processes, and across restarts."""

    async def take(self) -> None:
        """Return when one more request may be sent.

        Raises:
            RdmBudgetSpent: the day's requests are used up; carries `retry_after_s`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLimits:
    """What one token may use."""

    per_second: float
    per_day: int

    @classmethod
    def of(cls, settings: RdmSettings) -> "BudgetLimits":
        """Return an instance's limits."""
        return cls(per_second=settings.requests_per_second, per_day=settings.requests_per_day)

    @property
    def interval_s(self) -> float:
        """Time between one request and the next."""
        return 1 / self.per_second


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetState:
    """What one token has used; the initial state is that of a token never used."""

    next_free_at: float = 0.0
    """When the next request may be sent, in seconds since 1970."""
    day: int = 0
    """Days since 1970 (UTC) that `used` counts for."""
    used: int = 0


@dataclass(frozen=True, slots=True)
class Slots:
    """Moments reserved for requests: `count` of them, one every `interval_s` from `first_at`."""

    first_at: float
    count: int
    interval_s: float

    def next(self, now: float) -> tuple[float, "Slots"] | None:
        """Return how long to wait for the next of them, and the rest.

        Those that nobody used in time are lost, since others may have been given the time after
        them; None once all are used or lost.
        """
        passed = max(0, int((now - self.first_at) // self.interval_s))
        if passed >= self.count:
            return None
        slot_at = self.first_at + passed * self.interval_s
        rest = Slots(slot_at + self.interval_s, self.count - passed - 1, self.interval_s)
        return max(0.0, slot_at - now), rest


@dataclass(frozen=True, slots=True)
class Reserved:
    """Slots, and the state after they were given out."""

    state: BudgetState
    slots: Slots


@dataclass(frozen=True, slots=True)
class Spent:
    """The day's requests are used up until then."""

    retry_after_s: float


def reserve(
    state: BudgetState, *, now: float, count: int, limits: BudgetLimits
) -> Reserved | Spent:
    """Give out slots for up to `count` requests; fewer where the day has no more left.

    A leaky bucket as a meter (the generic cell rate algorithm, ITU-T I.371, without a burst): in
    any second there are at most `per_second` slots and one. Days are those of UTC.
    """
    day = int(now // _DAY_S)
    used = state.used if state.day == day else 0
    granted = min(count, limits.per_day - used)
    if granted <= 0:
        return Spent((day + 1) * _DAY_S - now)
    queued_until = state.next_free_at
    first_at = queued_until if now < queued_until <= now + _LONGEST_QUEUE_S else now
    after = BudgetState(
        next_free_at=first_at + granted * limits.interval_s, day=day, used=used + granted
    )
    return Reserved(after, Slots(first_at, granted, limits.interval_s))


@dataclass(slots=True, kw_only=True)
class LocalBudget:
    """Implements `RequestBudget` for one process; a restart forgets what was used."""

    limits: BudgetLimits
    timing: Timing = REAL_TIME
    state: BudgetState = field(default_factory=BudgetState)

    async def take(self) -> None:
        now = self.timing.now()
        outcome = reserve(self.state, now=now, count=1, limits=self.limits)
        if isinstance(outcome, Spent):
            raise RdmBudgetSpent(retry_after_s=outcome.retry_after_s)
        self.state = outcome.state
        await self.timing.sleep(max(0.0, outcome.slots.first_at - now))
