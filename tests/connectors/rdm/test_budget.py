from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.rdm.budget import (
    BudgetLimits,
    BudgetState,
    LocalBudget,
    Reserved,
    Slots,
    Spent,
    reserve,
)
from connectors.rdm.problems import RdmBudgetSpent
from connectors.rdm.retry import Timing
from connectors.rdm.settings import PRESETS

NOON = 19_700 * 86_400 + 43_200.0
LIMITS = BudgetLimits(per_second=8.0, per_day=100)


def _slots(state: BudgetState, now: float, count: int = 1) -> Reserved:
    outcome = reserve(state, now=now, count=count, limits=LIMITS)
    assert isinstance(outcome, Reserved)
    return outcome


def _moments(slots: Slots) -> list[float]:
    return [slots.first_at + number * slots.interval_s for number in range(slots.count)]


def test_the_presets_stay_below_what_rdm_allows() -> None:
    limits = BudgetLimits.of(PRESETS["rdm"])
    assert limits.per_second + 1 <= 10
    assert limits.per_day <= 10_000


def test_a_token_never_used_need_not_wait() -> None:
    reserved = _slots(BudgetState(), NOON)
    assert reserved.slots == Slots(NOON, 1, 0.125)
    assert reserved.state == BudgetState(next_free_at=NOON + 0.125, day=19_700, used=1)


def test_a_second_request_waits_for_its_turn() -> None:
    first = _slots(BudgetState(), NOON)
    assert _slots(first.state, NOON).slots.first_at == NOON + 0.125


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 5)), min_size=1, max_size=30))
def test_no_second_has_more_requests_than_allowed_and_one(
    steps: Sequence[tuple[float, int]],
) -> None:
    state, now, moments = BudgetState(), NOON, list[float]()
    for passed, count in steps:
        now += passed
        outcome = reserve(state, now=now, count=count, limits=LIMITS)
        if isinstance(outcome, Spent):
            break
        state = outcome.state
        moments += _moments(outcome.slots)
    assert moments == sorted(moments)
    assert all(sum(at <= other < at + 1.0 for other in moments) <= 9 for at in moments)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 7_200), st.integers(1, 20)), max_size=40))
def test_no_day_has_more_requests_than_allowed(steps: Sequence[tuple[float, int]]) -> None:
    state, now, used = BudgetState(), NOON, dict[int, int]()
    for passed, count in steps:
        now += passed
        outcome = reserve(state, now=now, count=count, limits=LIMITS)
        if isinstance(outcome, Reserved):
            state = outcome.state
            day = int(now // 86_400)
            used[day] = used.get(day, 0) + outcome.slots.count
    assert all(count <= 100 for count in used.values())


def test_the_rest_of_a_day_is_given_out_though_it_is_less_than_asked() -> None:
    reserved = _slots(BudgetState(day=19_700, used=97), NOON, count=8)
    assert (reserved.slots.count, reserved.state.used) == (3, 100)


def test_a_day_used_up_says_how_long_it_lasts() -> None:
    state = BudgetState(day=19_700, used=100)
    assert reserve(state, now=NOON, count=1, limits=LIMITS) == Spent(43_200.0)


def test_a_new_day_begins_anew() -> None:
    state = BudgetState(day=19_700, used=100)
    assert _slots(state, NOON + 43_200.0).state.used == 1


def test_a_clock_that_was_set_back_makes_nobody_wait_for_hours() -> None:
    state = BudgetState(next_free_at=NOON + 3_600.0, day=19_700, used=5)
    assert _slots(state, NOON).slots.first_at == NOON


def test_slots_are_used_one_after_the_other() -> None:
    first = Slots(NOON, 2, 0.125).next(NOON)
    assert first is not None
    assert first[0] == 0.0
    second = first[1].next(NOON)
    assert second is not None
    assert second[0] == 0.125
    assert second[1].next(NOON) is None


def test_a_slot_that_nobody_used_in_time_is_lost() -> None:
    late = Slots(NOON, 8, 0.125).next(NOON + 0.26)
    assert late == (0.0, Slots(NOON + 0.375, 5, 0.125))
    assert Slots(NOON, 8, 0.125).next(NOON + 1.0) is None


class _Clock:
    """Time that passes by waiting only."""

    def __init__(self) -> None:
        self.now_s = NOON
        self.timing = Timing(now=lambda: self.now_s, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.now_s += seconds


async def test_a_process_spaces_its_requests() -> None:
    clock = _Clock()
    budget = LocalBudget(limits=LIMITS, timing=clock.timing)
    for _ in range(9):
        await budget.take()
    assert clock.now_s == NOON + 1.0


async def test_a_process_sends_no_more_than_the_day_allows() -> None:
    budget = LocalBudget(limits=LIMITS, timing=_Clock().timing)
    for _ in range(100):
        await budget.take()
    with pytest.raises(RdmBudgetSpent) as caught:
        await budget.take()
    assert caught.value.retry_after_s == 43_200.0 - 99 * 0.125
