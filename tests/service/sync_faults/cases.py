"""A fault, and what it means for a sync: judged in the same way for all of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from tests.servers.loopback import Exchange
from tests.servers.rdm_faults import Answer, Effect, Fault, Nothing, Replace
from tests.servers.rdm_replies import HostRole, Request
from tests.service.killed_sync.kept import kept_in
from tests.service.rdm_shop import RdmShop
from tests.service.sync_faults.laboratory import (
    Laboratory,
    Outcome,
    assert_nothing_is_missing,
    distrust_logs,
    found_in,
    shelves_of,
    sync,
)
from tests.service.sync_faults.project import TREE
from tests.service.sync_faults.verdict import (
    WELL,
    Ending,
    ending_of,
    invented,
    lost,
    reasons_of,
    told_by,
    untold,
    widened,
)

ALWAYS: Final = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`name` says what happens. `says` is in every reason that is given."""

    name: str
    faults: Sequence[Fault]
    ending: Ending | None = WELL
    """None: whatever is true."""
    says: str = ""
    lost: frozenset[str] = frozenset()
    """Files that are dropped because RDM itself says that they are not there."""
    invented: frozenset[str] = frozenset()
    """Files that are there only because RDM itself says so."""
    takes_long: bool = False
    """Whether the sync is not to wait for as long as usual."""
    is_believed: bool = False
    """Whether nothing gives the lie away, so that the index is right again after a relisting."""

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class FirstPage:
    """Answer with the first page, whichever is asked for."""

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        first = replace(request, query={**request.query, "page": "1"})
        await Nothing().meet(first, answer, exchange)


@dataclass(frozen=True, slots=True)
class Lie:
    """Tell other attributes of a file or folder in a listing than the true ones."""

    name: str
    attributes: Mapping[str, object]

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        reply = answer(request)
        document = json.loads(reply.body)
        for entry in document["data"]:
            if entry["attributes"]["name"] == self.name:
                entry["attributes"] |= self.attributes
        body = json.dumps(document).encode()
        await exchange.answer(reply.status, reply.headers, body)


@dataclass(frozen=True, slots=True)
class Storm:
    """Do this or that to about every third answer."""

    chance: Random
    effects: Sequence[Effect]

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        effects = [*self.effects, *[Nothing()] * (2 * len(self.effects))]
        await self.chance.choice(effects).meet(request, answer, exchange)


def fault(host: HostRole, path: str, effect: Effect, *, times: int | None = ALWAYS) -> Fault:
    return Fault(effect, host=host, path=path, times=times)


LEAVES_OUT_THE_TOP: Final = fault("api", TREE, Replace(b'{"data": [], "links": {}, "meta": {}}'))
"""So a tree's list is while only the project itself can say whether it is there."""


async def judge(laboratory: Laboratory, case: Case) -> None:
    """Sync under the fault, and again without it: of the project as it is now, nothing is missing.

    What that sync leaves, and what it lets be found, equals what a fresh installation has.
    """
    _, expected = await laboratory.fresh()
    with laboratory.copied() as home:
        settings = laboratory.impatient if case.takes_long else laboratory.settings
        async with laboratory.opened(home, settings) as shop:
            laboratory.rdm.faults.add(*case.faults)
            await assert_ends(laboratory, shop, case)
            laboratory.rdm.faults.clear()
            if case.is_believed:
                await distrust_logs(shop)
            assert_nothing_is_missing(await sync(shop))
            found = await found_in(shop)
        assert Outcome(await kept_in(home), found) == expected


async def assert_ends(laboratory: Laboratory, shop: RdmShop, case: Case) -> None:
    """Sync, and see that nothing is lost, invented, kept silent about or shown to more people."""
    before, (fresh, _) = laboratory.before, await laboratory.fresh()
    job = await sync(shop)
    after = await shelves_of(shop)
    assert laboratory.rdm.faults.are_over
    assert laboratory.rdm.leaks == []
    assert ending_of(job) == (case.ending or ending_of(job))
    assert [each for each in reasons_of(job) if case.says not in each] == []
    assert lost(before, after, fresh) == case.lost
    assert invented(before, after, fresh) == case.invented
    assert untold(after, fresh, told_by(job)) <= case.lost | case.invented
    assert widened(before, after, fresh) == frozenset()
