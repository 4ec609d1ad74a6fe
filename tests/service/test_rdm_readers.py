"""What RDM shows is asked once for all, counts for a minute, and belongs to one link."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.rdm.models import Account, Readable
from connectors.rdm.problems import RdmBudgetSpent, RdmGone, RdmTokenRefused, RdmUnavailable
from connectors.rdm.settings import InstanceName
from contracts.problems import Problem
from service.access.links import Links
from service.access.rdm_readers import MAX_AGE_S, RdmReaders, open_readers
from service.access.token_vault import TokenVault
from service.problems import LinkUnreadable
from service.records.database import open_database
from service.records.links import LinkRecord, LinkRecords

TOKEN = SecretStr("a-token-of-aoki")
NODES = frozenset({"abc12", "def34"})


@dataclass
class _Rdm:
    """Answers in the words it was given; a problem is raised."""

    contributed: frozenset[str] = frozenset({"abc12"})
    public: frozenset[str] = frozenset()
    problem: Problem | None = None
    hangs: bool = False
    asked: list[object] = field(default_factory=list[object])

    async def readable(
        self, instance: InstanceName, token: SecretStr, *, registrations: bool
    ) -> Readable:
        await self._note((instance, token.get_secret_value(), registrations))
        return Readable(contributed=self.contributed, administered=frozenset())

    async def public_among(self, instance: InstanceName, nodes: frozenset[str]) -> frozenset[str]:
        await self._note((instance, nodes))
        return self.public & nodes

    async def _note(self, question: object) -> None:
        self.asked.append(question)
        await asyncio.sleep(3600 if self.hangs else 0)
        if self.problem is not None:
            raise self.problem


@dataclass
class _Clock:
    time: float = 0.0

    def __call__(self) -> float:
        return self.time


@dataclass(frozen=True)
class _Desk:
    readers: RdmReaders
    rdm: _Rdm
    clock: _Clock
    link: LinkRecord

    async def contributed(self, link: LinkRecord | None = None) -> frozenset[str]:
        readable = await self.readers.readable(link or self.link, registrations=False)
        return readable.contributed


async def _ask_account(instance: InstanceName, token: SecretStr) -> Account:
    return Account(user_id=f"{instance}-user", full_name=token.get_secret_value())


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[_Desk]:
    rdm, clock = _Rdm(), _Clock()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(f"sqlite:///{tmp_path / 'r.db'}"))
        links = Links(
            records=LinkRecords(database), vault=TokenVault([b"k" * 32]), ask_account=_ask_account
        )
        readers = await stack.enter_async_context(
            open_readers(links, rdm, clock=clock, deadline_s=0.2)
        )
        yield _Desk(readers, rdm, clock, await _linked(links))


async def _linked(links: Links) -> LinkRecord:
    await links.link("key:0123456789ab", "rdm", TOKEN)
    [link] = await links.records.list_all()
    return link


async def test_rdm_is_asked_with_the_linked_token_once_a_minute(desk: _Desk) -> None:
    for seconds in (0.0, MAX_AGE_S - 1, MAX_AGE_S):
        desk.clock.time = seconds
        assert await desk.contributed() == {"abc12"}
    assert desk.rdm.asked == [("rdm", TOKEN.get_secret_value(), False)] * 2


async def test_what_was_taken_away_is_gone_within_the_minute(desk: _Desk) -> None:
    await desk.contributed()
    desk.rdm.contributed = frozenset()
    desk.clock.time = MAX_AGE_S
    assert await desk.contributed() == frozenset()


async def test_many_searches_at_once_ask_once(desk: _Desk) -> None:
    await asyncio.gather(*(desk.contributed() for _ in range(20)))
    assert len(desk.rdm.asked) == 1


async def test_a_link_made_anew_is_asked_for_at_once(desk: _Desk) -> None:
    await desk.contributed()
    desk.rdm.contributed = frozenset({"def34"})
    anew = await _linked(desk.readers.links)
    assert await desk.contributed(anew) == {"def34"}


async def test_two_who_link_the_same_token_have_each_their_own_answer(desk: _Desk) -> None:
    await desk.contributed()
    await desk.readers.links.link("key:ba9876543210", "rdm", TOKEN)
    [other] = await desk.readers.links.records.list_of("key:ba9876543210")
    await desk.contributed(other)
    assert len(desk.rdm.asked) == 2


async def test_a_refused_token_ends_what_it_could_read_and_is_told(desk: _Desk) -> None:
    await desk.contributed()
    desk.rdm.problem = RdmTokenRefused("rdm")
    desk.clock.time = MAX_AGE_S
    for _ in range(2):
        with pytest.raises(RdmTokenRefused):
            await desk.contributed()


@pytest.mark.parametrize(
    "problem",
    [
        RdmUnavailable("rdm", "API", reason="no connection"),
        RdmBudgetSpent(retry_after_s=60),
        RdmGone("rdm", status=404),
    ],
    ids=lambda problem: problem.code,
)
async def test_an_instance_that_cannot_say_is_unavailable_and_nothing_is_remembered(
    desk: _Desk, problem: Problem
) -> None:
    await desk.contributed()
    desk.rdm.problem, desk.rdm.public = problem, NODES
    desk.clock.time = MAX_AGE_S
    with pytest.raises(RdmUnavailable):
        await desk.contributed()
    with pytest.raises(RdmUnavailable):
        await desk.readers.public_among("osf", NODES)
    desk.rdm.problem = None
    assert await desk.contributed() == {"abc12"}


async def test_when_to_come_back_after_the_days_requests_are_spent_is_told(desk: _Desk) -> None:
    desk.rdm.problem = RdmBudgetSpent(retry_after_s=60)
    with pytest.raises(RdmUnavailable) as caught:
        await desk.contributed()
    assert (caught.value.kind, caught.value.retry_after_s) == ("unavailable", 60)


async def test_an_instance_that_hangs_is_unavailable(desk: _Desk) -> None:
    desk.rdm.hangs = True
    with pytest.raises(RdmUnavailable, match="too long"):
        await desk.contributed()


async def test_what_is_public_is_asked_once_for_everybody(desk: _Desk) -> None:
    desk.rdm.public = frozenset({"abc12"})
    for seconds in (0.0, MAX_AGE_S - 1):
        desk.clock.time = seconds
        assert await desk.readers.public_among("osf", NODES) == {"abc12"}
    assert desk.rdm.asked == [("osf", NODES)]


async def test_that_the_services_own_token_is_refused_is_no_callers_fault(desk: _Desk) -> None:
    desk.rdm.problem = RdmTokenRefused("osf")
    with pytest.raises(RdmUnavailable, match="own token"):
        await desk.readers.public_among("osf", NODES)


async def test_a_token_that_cannot_be_opened_is_never_sent(desk: _Desk) -> None:
    foreign = replace(desk.link, ciphertext=b"x" * 60, linked_at=datetime.now(UTC))
    with pytest.raises(LinkUnreadable):
        await desk.contributed(foreign)
    assert desk.rdm.asked == []
