from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.rdm.retry import Passing, Timing, pause_s, persist, told_wait_s

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("1e9", 1e9),
        ("-7", 0.0),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
        ("Tue, 14 Nov 2023 22:13:50", 30.0),
        ("Tue, 14 Nov 2000 22:13:50 GMT", 0.0),
    ],
)
def test_a_server_may_say_how_long_to_wait(header: str, wait_s: float) -> None:
    assert told_wait_s(header, now=NOW) == wait_s


@pytest.mark.parametrize(
    "header", [None, "", "soon", "nan", "inf", "Tue, 99 Nov 2023 22:13:50 GMT", "１２分"]
)
def test_what_is_no_time_says_nothing(header: str | None) -> None:
    assert told_wait_s(header, now=NOW) is None


@given(st.text(max_size=40))
def test_no_header_makes_the_reading_fail(header: str) -> None:
    assert (told_wait_s(header, now=NOW) or 0.0) >= 0.0


@given(st.integers(1, 10), st.floats(0, 1, exclude_max=True), st.floats(0, 100))
def test_a_pause_is_at_least_what_the_server_told_and_30_s_more_at_most(
    tries: int, chance: float, told_s: float
) -> None:
    assert told_s <= pause_s(tries, told_s=told_s, chance=chance) <= told_s + 30.0


def test_pauses_grow_from_try_to_try() -> None:
    pauses = [pause_s(tries, told_s=None, chance=0.5) for tries in range(1, 6)]
    assert pauses[0] == 0.25
    assert all(later == 2 * sooner for sooner, later in pairwise(pauses))


def test_callers_who_failed_together_come_back_apart() -> None:
    assert pause_s(1, told_s=2.0, chance=0.1) != pause_s(1, told_s=2.0, chance=0.9)


class _Failing:
    """Fails so often, then returns how often it was called."""

    def __init__(self, times: int, *, told_s: float | None = None) -> None:
        self.calls = 0
        self.pauses: list[float] = []
        self._times = times
        self._told_s = told_s

    async def attempt(self) -> int:
        self.calls += 1
        if self.calls <= self._times:
            raise Passing(f"failure {self.calls}", told_s=self._told_s)
        return self.calls

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def persisted(self, *, tries: int = 3, deadline_s: float = 60.0) -> int:
        timing = Timing(now=lambda: NOW, sleep=self._pause, chance=lambda: 0.5)
        return await persist(self.attempt, tries=tries, deadline_s=deadline_s, timing=timing)


async def test_what_fails_in_passing_is_tried_again() -> None:
    failing = _Failing(2)
    assert await failing.persisted() == 3
    assert failing.pauses == [0.25, 0.5]


async def test_the_last_failure_is_the_one_that_is_told() -> None:
    failing = _Failing(9)
    with pytest.raises(Passing, match="failure 3"):
        await failing.persisted()
    assert failing.calls == 3


async def test_one_try_means_no_pause() -> None:
    failing = _Failing(9)
    with pytest.raises(Passing, match="failure 1"):
        await failing.persisted(tries=1)
    assert failing.pauses == []


async def test_nobody_waits_for_longer_than_there_is_time() -> None:
    failing = _Failing(9, told_s=61.0)
    with pytest.raises(Passing) as caught:
        await failing.persisted()
    assert (failing.calls, failing.pauses, caught.value.told_s) == (1, [], 61.0)


async def test_an_error_of_another_kind_is_not_repeated() -> None:
    async def attempt() -> None:
        raise TimeoutError("of the disk")

    with pytest.raises(TimeoutError, match="of the disk"):
        await persist(attempt, tries=3, deadline_s=60.0, timing=Timing())
