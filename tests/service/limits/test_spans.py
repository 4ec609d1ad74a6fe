"""Minutes, and days and months of Japan."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.limits.spans import UNLIMITED, Limits, Period, span_at

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
periods = st.sampled_from(["minute", "day", "month"])


@pytest.mark.parametrize(
    ("moment", "day", "month"),
    [
        ("2026-11-30T14:59:59", "day:2026-11-30", "month:2026-11"),
        ("2026-11-30T15:00:00", "day:2026-12-01", "month:2026-12"),
        ("2026-12-31T15:00:00", "day:2027-01-01", "month:2027-01"),
    ],
)
def test_days_and_months_begin_at_midnight_in_japan(moment: str, day: str, month: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert (span_at("day", at).name, span_at("month", at).name) == (day, month)


@given(moments, periods)
def test_a_span_holds_its_moments_and_the_next_one_begins_at_its_end(
    moment: datetime, period: Period
) -> None:
    span = span_at(period, moment)
    assert span.ends_at > moment
    after = span_at(period, span.ends_at)
    assert after.name != span.name
    assert after.ends_at > span.ends_at


def test_yen_are_counted_in_millionths() -> None:
    [cap] = Limits(yen_per_day=3).caps()
    assert (cap.name, cap.measure, cap.period, cap.most, cap.told) == (
        "yen_per_day",
        "microyen",
        "day",
        3_000_000,
        3,
    )


def test_limits_are_within_others_where_each_is() -> None:
    maker = Limits(streams=4, yen_per_month=100)
    assert Limits(streams=4, yen_per_month=50, tokens_per_day=1).is_within(maker)
    assert not Limits(streams=5, yen_per_month=50).is_within(maker)
    assert not Limits(streams=4).is_within(maker)
    assert UNLIMITED.is_within(UNLIMITED)
