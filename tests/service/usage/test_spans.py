"""Months and days, as Japan has them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.usage.problems import DaysUnfit, MonthUnreadable
from service.usage.spans import days_of, month_of

MONTHS = st.dates(date(1970, 1, 1), date(9998, 11, 30))


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_the_year_ends_in_december() -> None:
    span = month_of("2026-12")
    assert (span.since, span.until) == (at("2026-11-30T15:00:00"), at("2026-12-31T15:00:00"))


def test_the_last_day_is_one_of_the_days() -> None:
    span = days_of(date(2026, 2, 28), date(2026, 2, 28))
    assert (span.since, span.until) == (at("2026-02-27T15:00:00"), at("2026-02-28T15:00:00"))


@given(MONTHS)
def test_no_moment_is_between_two_months(day: date) -> None:
    next_month = day.replace(day=1) + timedelta(days=31)
    assert month_of(f"{day:%Y-%m}").until == month_of(f"{next_month:%Y-%m}").since


@pytest.mark.parametrize(
    "written", ["2026", "2026-13", "2026-1", "0000-01", "1969-12", "9999-12", "２０２６-01"]
)
def test_what_is_no_month_is_told(written: str) -> None:
    with pytest.raises(MonthUnreadable):
        month_of(written)


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2026, 11, 2), date(2026, 11, 1)),
        (date(1, 1, 1), date(2026, 11, 1)),
        (date(2026, 11, 1), date(9999, 12, 31)),
    ],
)
def test_what_are_no_days_is_told(first: date, last: date) -> None:
    with pytest.raises(DaysUnfit):
        days_of(first, last)
