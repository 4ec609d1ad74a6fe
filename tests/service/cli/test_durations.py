"""Spans of time as people type and read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import InvalidRequest
from service.cli.durations import seconds_of, span_of


@pytest.mark.parametrize(("span", "seconds"), [("30m", 1800), ("6h", 21_600), ("90s", 90)])
def test_a_span_is_a_number_and_a_unit(span: str, seconds: float) -> None:
    assert seconds_of(span) == seconds


@pytest.mark.parametrize("span", ["", "6", "h", "-1h", "1.5h", "0m", "59s", "1w", "６h"])
def test_what_is_no_span_of_a_minute_or_more_is_told(span: str) -> None:
    with pytest.raises(InvalidRequest, match="no span"):
        seconds_of(span)


@given(st.integers(min_value=60, max_value=999_999))
def test_a_span_is_read_as_it_was_written(seconds: int) -> None:
    assert seconds_of(span_of(seconds)) == seconds


def test_no_span_is_a_dash() -> None:
    assert span_of(None) == "–"
