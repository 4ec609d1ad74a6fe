"""What one token may ask of RDM is counted for all processes, and across restarts."""

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from connectors.rdm.budget import BudgetLimits
from connectors.rdm.problems import RdmBudgetSpent
from connectors.rdm.retry import Timing
from connectors.rdm.settings import PRESETS
from service.records.database import Database, open_database
from service.records.models import RequestBudgetRow
from service.request_budgets import DatabaseBudget, RequestBudgets

DAY_S = 86_400.0
LIMITS = BudgetLimits(per_second=4, per_day=100)


@dataclass
class _Clock:
    """Time that passes only where somebody waits; each process has its own moments."""

    now_s: float = 20_000 * DAY_S
    sent_at: list[float] = field(default_factory=list[float])

    async def sleep(self, seconds: float) -> None:
        self.sent_at.append(self.now_s + seconds)
        self.now_s += seconds

    @property
    def timing(self) -> Timing:
        return Timing(now=lambda: self.now_s, sleep=self.sleep)


def _budget(database: Database, clock: _Clock, limits: BudgetLimits = LIMITS) -> DatabaseBudget:
    return DatabaseBudget(database=database, budget_id="token", limits=limits, timing=clock.timing)


async def test_requests_are_spread_over_the_seconds(database: Database) -> None:
    clock = _Clock()
    budget = _budget(database, clock)
    for _ in range(12):
        await budget.take()
    gaps = [after - before for before, after in zip(clock.sent_at, clock.sent_at[1:], strict=False)]
    assert gaps == pytest.approx([0.25] * 11, abs=1e-3)


async def test_processes_share_the_seconds(database: Database) -> None:
    clocks = [_Clock(), _Clock(), _Clock()]
    budgets = [_budget(database, clock) for clock in clocks]
    await asyncio.gather(*(_take(budget, 8) for budget in budgets))
    seconds = Counter(int(moment) for clock in clocks for moment in clock.sent_at)
    assert sum(seconds.values()) == 24
    assert max(seconds.values()) <= 5


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_that_make_the_row_of_a_token_at_once_get_different_slots(
    database: Database, database_url: str
) -> None:
    async def take_elsewhere() -> None:
        async with open_database(database_url) as opened:
            await _budget(opened, _Clock()).take()

    clock = _Clock()
    is_first = iter([True])

    def now() -> float:  # asked between the reading of the row and its writing
        if next(is_first, False):
            with ThreadPoolExecutor() as other:
                other.submit(asyncio.run, take_elsewhere()).result()
        return clock.now_s

    budget = _budget(database, clock)
    budget.timing = Timing(now=now, sleep=clock.sleep)
    await budget.take()
    assert clock.sent_at == pytest.approx([20_000 * DAY_S + 1], abs=1e-3)  # after the other's four
    assert await budget.used_today() == 8


async def _take(budget: DatabaseBudget, number: int) -> None:
    for _ in range(number):
        await budget.take()


async def test_the_days_requests_are_used_up_for_every_process(database: Database) -> None:
    clock = _Clock()
    await _take(_budget(database, clock), 100)
    with pytest.raises(RdmBudgetSpent) as caught:
        await _budget(database, clock).take()
    assert caught.value.retry_after_s == pytest.approx(DAY_S - clock.now_s % DAY_S)


async def test_the_next_day_begins_anew(database: Database) -> None:
    clock = _Clock()
    budget = _budget(database, clock)
    await _take(budget, 100)
    clock.now_s += DAY_S
    await budget.take()
    assert await budget.used_today() == 4


async def test_what_was_used_outlives_a_restart(database: Database) -> None:
    clock = _Clock()
    await _take(_budget(database, clock), 4)
    assert await _budget(database, clock).used_today() == 4


async def test_a_day_of_which_nothing_is_used_has_no_requests(database: Database) -> None:
    clock = _Clock()
    budget = _budget(database, clock)
    assert await budget.used_today() == 0
    await budget.take()
    clock.now_s += DAY_S
    assert await budget.used_today() == 0


async def test_a_slow_database_costs_no_more_than_the_slots_that_pass(database: Database) -> None:
    clock = _Clock()
    budget = _budget(database, clock, BudgetLimits(per_second=10**6, per_day=10**6))
    async with asyncio.timeout(20):  # reserving took longer than the slots: it went on for ever
        await budget.take()
    assert await budget.used_today() == 8


async def test_a_token_has_one_budget_in_each_instance(database: Database) -> None:
    budgets = RequestBudgets(database=database, secret=b"secret")
    token, other = SecretStr("token"), SecretStr("other")
    here = budgets.of("rdm", PRESETS["rdm"], token)
    assert budgets.of("rdm", PRESETS["rdm"], SecretStr("token")) is here
    ids = {
        here.budget_id,
        budgets.of("rdm", PRESETS["rdm"], other).budget_id,
        budgets.of("rdm", PRESETS["rdm"], None).budget_id,
        budgets.of("osf", PRESETS["osf"], token).budget_id,
    }
    assert len(ids) == 4


async def test_no_token_is_kept_and_old_budgets_are_forgotten(database: Database) -> None:
    clock = _Clock()
    budgets = RequestBudgets(database=database, secret=b"secret", timing=clock.timing)
    await budgets.of("rdm", PRESETS["rdm"], SecretStr("yesterdays")).take()
    clock.now_s += DAY_S
    await budgets.of("rdm", PRESETS["rdm"], SecretStr("todays")).take()
    async with database.read() as session:
        [kept] = await session.scalars(select(RequestBudgetRow.id))
    assert kept == budgets.of("rdm", PRESETS["rdm"], SecretStr("todays")).budget_id
    assert "todays" not in kept
