"""RDM goes away in the middle, comes and goes, or lets nobody ask any more."""

from random import Random
from typing import Final, get_args

import pytest

from tests.servers.rdm_faults import PROXY_PAGE, CutOff, Fault, Refuse, Replace
from tests.servers.rdm_replies import HostRole
from tests.servers.rdm_throttle import Limits
from tests.service.killed_sync.kept import kept_in
from tests.service.sync_faults.cases import Case, Storm, assert_ends, fault, judge
from tests.service.sync_faults.laboratory import (
    DAY_S,
    Laboratory,
    Outcome,
    assert_nothing_is_missing,
    found_in,
    sync,
)
from tests.service.sync_faults.verdict import Ending

REQUESTS: Final = 33
"""More than a sync has of the project as it is now."""
STORMS: Final = 6
SHOWERS: Final = (
    Refuse(503),
    Refuse(404, body=PROXY_PAGE),
    CutOff(),
    CutOff(9),
    Replace(),
    Replace(PROXY_PAGE, "text/html"),
)


@pytest.mark.parametrize("request_", range(0, REQUESTS, 4))
async def test_from_any_request_on_rdm_may_be_away(laboratory: Laboratory, request_: int) -> None:
    away = Fault(CutOff(), skip=request_, times=None)
    await judge(laboratory, Case(name="away", faults=[away], ending=None))


@pytest.mark.parametrize("host", get_args(HostRole))
async def test_any_host_may_be_away_alone(laboratory: Laboratory, host: HostRole) -> None:
    away = [fault(host, "", Refuse(502))]
    await judge(laboratory, Case(name="away", faults=away, ending=None, says="HTTP 502"))


@pytest.mark.parametrize("seed", range(STORMS))
async def test_a_line_that_spoils_every_third_answer_spoils_nothing_else(
    laboratory: Laboratory, seed: int
) -> None:
    chance = Random(seed)  # noqa: S311 - what fails, not a secret
    storm = Fault(Storm(chance, SHOWERS), times=None)
    await judge(laboratory, Case(name="storm", faults=[storm], ending=None))


async def test_a_sync_waits_as_long_as_rdm_tells_it_to(laboratory: Laboratory) -> None:
    laboratory.rdm.throttle(Limits(per_second=3))
    await judge(laboratory, Case(name="throttled", faults=[]))
    laboratory.rdm.throttle(None)


async def test_what_a_days_requests_do_not_suffice_for_is_done_on_the_next(
    laboratory: Laboratory,
) -> None:
    few = laboratory.settings.model_copy(update={"requests_per_day": 10})
    _, expected = await laboratory.fresh()
    with laboratory.copied() as home:
        async with laboratory.opened(home, few) as shop:
            spent = Case(name="spent", faults=[], ending=Ending("rdm_budget_spent"))
            await assert_ends(laboratory, shop, spent)
            laboratory.clock.now_s += DAY_S
            assert_nothing_is_missing(await sync(shop))
            found = await found_in(shop)
        assert Outcome(await kept_in(home), found) == expected
