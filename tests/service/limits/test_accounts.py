"""Whatever calls come and end in whatever order: what was used is counted, to the token."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from inference.prices import FREE
from service.limits.leases import Leases
from service.limits.limiting import Held, Limiting
from service.limits.problems import LimitReached
from service.limits.spans import Limits
from service.records.database import Database, open_database
from service.records.models import TakenRow
from tests.service.limits.people import call, caller, used

MOST = 100
WORKERS = 3
NOON = datetime(2026, 11, 25, 3, tzinfo=UTC)

steps = st.lists(
    st.tuples(
        st.integers(0, WORKERS - 1),
        st.integers(1, 70).map(lambda tokens: ("take", tokens))
        | st.integers(0, 70).map(lambda tokens: ("settle", tokens)),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_used_is_counted_to_the_token(
    steps: Sequence[tuple[int, tuple[str, int]]],
) -> None:
    asyncio.run(_live(steps))


async def _live(steps: Sequence[tuple[int, tuple[str, int]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(f"sqlite:///{Path(folder) / 'records.db'}") as database:
            await _live_with(database, steps)


async def _live_with(database: Database, steps: Sequence[tuple[int, tuple[str, int]]]) -> None:
    workers = [
        Limiting(
            leases=Leases(database=database, holder=str(number), now=lambda: NOON),
            now=lambda: NOON,
            clock=lambda: 0.0,
        )
        for number in range(WORKERS)
    ]
    running: list[tuple[Held, int]] = []
    counted, before_last = 0, 0
    for worker, (deed, tokens) in steps:
        if deed == "take":
            try:
                held = await workers[worker].take(caller(Limits(tokens_per_day=MOST)), call(tokens))
            except LimitReached:
                continue
            before_last = counted + sum(most for _, most in running)
            assert before_last + min(tokens, MOST) <= MOST
            running.append((held, tokens))
        elif running:
            held, most = running.pop(0)
            spent = min(tokens, most)
            held.settle(used(spent), FREE)
            counted += spent
    for held, most in running:
        held.settle(used(most), FREE)
        counted += most
    for each in workers:
        await each.close()
    async with database.read() as session:
        assert (await session.scalar(select(TakenRow.taken)) or 0) == counted
