"""Requests to RDM, counted for each token in the database: for all processes and restarts."""

import asyncio
import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from pydantic import SecretStr
from sqlalchemy import Delete, delete, select
from sqlalchemy.exc import IntegrityError

from connectors.rdm.budget import BudgetLimits, BudgetState, Slots, Spent, reserve
from connectors.rdm.problems import RdmBudgetSpent
from connectors.rdm.retry import REAL_TIME, Timing
from connectors.rdm.settings import InstanceName, RdmSettings
from service.records.database import Database
from service.records.models import RequestBudgetRow

_BLOCK: Final = 8  # a second's worth: one write for so many requests
_DAY_S: Final = 86_400


@dataclass(slots=True, kw_only=True)
class DatabaseBudget:
    """Implements `connectors.rdm.budget.RequestBudget`.

    Slots are reserved in small blocks, so that not every request is a write; those of a block that
    are not used count all the same.
    """

    database: Database
    budget_id: str
    limits: BudgetLimits
    timing: Timing = REAL_TIME
    _slots: Slots | None = None
    _reserving: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(self) -> None:
        await self.timing.sleep(await self._wait_for_slot())

    async def used_today(self) -> int:
        """Return how many requests of today (UTC) are given out, by whatever process."""
        async with self.database.read() as session:
            row = await session.get(RequestBudgetRow, self.budget_id)
        is_today = row is not None and row.day == int(self.timing.now() // _DAY_S)
        return row.used if row is not None and is_today else 0

    async def _wait_for_slot(self) -> float:
        async with self._reserving:
            own = None if self._slots is None else self._slots.next(self.timing.now())
            if own is None:
                slots = await self._reserve()
                # The first of them is there to be used, also where reserving took a while.
                own = slots.next(min(slots.first_at, self.timing.now()))
            if own is None:
                raise ValueError("a reservation holds at least one slot")
            wait_s, self._slots = own
            return wait_s

    async def _reserve(self) -> Slots:
        try:
            return await self._reserve_once()
        except IntegrityError:  # PostgreSQL: another process inserted the row meanwhile
            return await self._reserve_once()

    async def _reserve_once(self) -> Slots:
        wanted = select(RequestBudgetRow).where(RequestBudgetRow.id == self.budget_id)
        async with self.database.write() as session:
            row = await session.scalar(wanted.with_for_update())
            outcome = reserve(
                BudgetState() if row is None else _state(row),
                now=self.timing.now(),
                count=min(_BLOCK, max(1, int(self.limits.per_second))),
                limits=self.limits,
            )
            if isinstance(outcome, Spent):
                raise RdmBudgetSpent(retry_after_s=outcome.retry_after_s)
            if row is None:  # seldom enough to look for those of tokens that nobody uses any more
                await session.execute(_of_former_days(outcome.state.day))
                # Not a merge: it reads again, and would write over what another inserted meanwhile
                row = RequestBudgetRow(id=self.budget_id)
                session.add(row)
            _write(outcome.state, row)
            return outcome.slots


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBudgets:
    """One budget for each token of each instance, the same one whoever asks for it."""

    database: Database
    secret: bytes = field(repr=False)
    timing: Timing = REAL_TIME
    _known: dict[str, DatabaseBudget] = field(default_factory=dict[str, DatabaseBudget])

    def of(
        self, name: InstanceName, settings: RdmSettings, token: SecretStr | None
    ) -> DatabaseBudget:
        """Return the budget of a token, or of requests without one."""
        asked = f"{name}\n{'' if token is None else token.get_secret_value()}"
        budget_id = hmac.new(self.secret, asked.encode(), sha256).hexdigest()
        budget = DatabaseBudget(
            database=self.database,
            budget_id=budget_id,
            limits=BudgetLimits.of(settings),
            timing=self.timing,
        )
        return self._known.setdefault(budget_id, budget)


def _state(row: RequestBudgetRow) -> BudgetState:
    return BudgetState(next_free_at=row.next_free_at, day=row.day, used=row.used)


def _of_former_days(today: int) -> Delete:
    return delete(RequestBudgetRow).where(RequestBudgetRow.day < today)


def _write(state: BudgetState, row: RequestBudgetRow) -> None:
    row.next_free_at, row.day, row.used = state.next_free_at, state.day, state.used
