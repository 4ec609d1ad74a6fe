"""Months and days of Japan, as moments."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from service.japan import JAPAN
from service.usage.problems import DaysUnfit, MonthUnreadable

_MONTH: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])")
_FIRST: Final = date(1970, 1, 1)
_LAST: Final = date(9999, 12, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From a moment on, until another."""

    since: datetime
    until: datetime


def month_of(written: str) -> Span:
    """Return a month, written as `2026-11`.

    Raises:
        MonthUnreadable: it is none.
    """
    found = _MONTH.fullmatch(written)
    if found is None:
        raise MonthUnreadable(written)
    year, month = int(found["year"]), int(found["month"])
    if not _FIRST.year <= year < _LAST.year:
        raise MonthUnreadable(written)
    next_month = date(year + month // 12, month % 12 + 1, 1)
    return _from_to(date(year, month, 1), next_month - timedelta(days=1))


def days_of(first: date, last: date) -> Span:
    """Return the days from the first to the last one, both included.

    Raises:
        DaysUnfit: the last one is before the first, or one is no day that calls may be of.
    """
    if not _FIRST <= first <= last <= _LAST:
        raise DaysUnfit
    return _from_to(first, last)


def _from_to(first: date, last: date) -> Span:
    return Span(since=_midnight(first), until=_midnight(last + timedelta(days=1)))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=JAPAN).astimezone(UTC)
