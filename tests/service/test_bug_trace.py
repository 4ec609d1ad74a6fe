"""A bug in the log: where it was, and nothing of what was being read."""

import pytest

from service.bug_trace import trace_of

SECRET = "合金の組成"


def _fail() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f"cannot read {SECRET}") from error


def test_a_trace_has_types_and_places_of_the_error_and_its_cause() -> None:
    with pytest.raises(ValueError, match=SECRET) as caught:
        _fail()
    trace = trace_of(caught.value)
    assert trace.startswith("builtins.ValueError at ")
    assert "; from builtins.KeyError at " in trace
    assert "test_bug_trace.py" in trace
    assert "_fail" in trace
    assert SECRET not in trace


def test_a_group_is_traced_by_its_members() -> None:
    trace = trace_of(ExceptionGroup(SECRET, [ValueError(SECRET), OSError(SECRET)]))
    assert trace == "builtins.ValueError at ; and builtins.OSError at "
