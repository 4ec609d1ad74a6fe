"""What a limit counts, and the spans of time that it counts in: minutes, days and months."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.japan import JAPAN
from service.limits.problems import LimitName

_MINUTE_S: Final = 60
MICROYEN: Final = 1_000_000

Measure = Literal["requests", "tokens", "microyen"]
Period = Literal["minute", "day", "month"]

_Count = Annotated[int, Field(ge=1, le=10**12)]


class Limits(BaseModel):
    """How much may be used; what is absent is not limited."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests_per_minute: _Count | None = None
    tokens_per_minute: _Count | None = None
    streams: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None, description="Calls at once."
    )
    tokens_per_day: _Count | None = None
    tokens_per_month: _Count | None = None
    yen_per_day: _Count | None = None
    yen_per_month: _Count | None = None

    def caps(self) -> "list[Cap]":
        """Return the limits that count within spans of time."""
        written: list[tuple[LimitName, Measure, Period, int | None]] = [
            ("requests_per_minute", "requests", "minute", self.requests_per_minute),
            ("tokens_per_minute", "tokens", "minute", self.tokens_per_minute),
            ("tokens_per_day", "tokens", "day", self.tokens_per_day),
            ("tokens_per_month", "tokens", "month", self.tokens_per_month),
            ("yen_per_day", "microyen", "day", _in_microyen(self.yen_per_day)),
            ("yen_per_month", "microyen", "month", _in_microyen(self.yen_per_month)),
        ]
        return [
            Cap(name, measure, period, most)
            for name, measure, period, most in written
            if most is not None
        ]

    def is_within(self, other: "Limits") -> bool:
        """Tell whether they allow no more than `other` does."""
        for name, most in other.model_dump(exclude_none=True).items():
            own = getattr(self, name)
            if own is None or own > most:
                return False
        return True


UNLIMITED: Final = Limits()


@dataclass(frozen=True, slots=True)
class Cap:
    """One limit within a span of time."""

    name: LimitName
    """The field of `Limits`."""
    measure: Measure
    period: Period
    most: int

    @property
    def told(self) -> int:
        """How much it is, in the unit of its name."""
        return self.most // MICROYEN if self.measure == "microyen" else self.most


@dataclass(frozen=True, slots=True)
class Span:
    """A minute, day or month."""

    name: str
    """Such as `minute:29410611`, `day:2026-11-25`, `month:2026-11`."""
    ends_at: datetime


def span_at(period: Period, moment: datetime) -> Span:
    """Return the span of a moment, which has a time zone."""
    if period == "minute":
        number = int(moment.timestamp()) // _MINUTE_S
        return Span(f"minute:{number}", datetime.fromtimestamp((number + 1) * _MINUTE_S, UTC))
    local = moment.astimezone(JAPAN)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return Span(f"day:{midnight:%Y-%m-%d}", (midnight + timedelta(days=1)).astimezone(UTC))
    first = midnight.replace(day=1)
    next_first = (first + timedelta(days=32)).replace(day=1)
    return Span(f"month:{first:%Y-%m}", next_first.astimezone(UTC))


def _in_microyen(yen: int | None) -> int | None:
    return None if yen is None else yen * MICROYEN
