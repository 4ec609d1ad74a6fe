"""Who sees which project: what the key was granted, and RDM shows the linked account now."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from connectors.rdm.problems import RdmTokenRefused, RdmUnavailable
from connectors.rdm.settings import InstanceName, RdmSettings
from contracts.principal import ALL_SCOPES, Principal
from rag.problems import ProjectUnknown
from service.access.links import Links, subject_of
from service.access.rdm_questions import AskedRdm, account_asker
from service.access.rdm_readers import MAX_AGE_S, open_readers
from service.access.recorded import LOCAL_OPERATOR, RecordedAccess, is_local_operator
from service.access.token_vault import TokenVault
from service.keys import KeyOrder, Keys
from service.rdm_sessions import open_rdm_sessions
from service.records.database import Database
from service.records.links import LinkRecords
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords
from service.request_budgets import RequestBudgets
from tests.servers.rdm import RdmStandIn, serve_rdm
from tests.servers.rdm_faults import Fault, Refuse
from tests.servers.rdm_world import RdmWorld

FOLDERS = ["beta", "alpha"]
KEPT_NODES = ["osf-open1", "rdm-part1", "rdm-top01"]


@dataclass
class _Clock:
    time: float = 0.0

    def __call__(self) -> float:
        return self.time


@dataclass(frozen=True, kw_only=True)
class _House:
    """Two folders; RDM's `top01` with its component `part1`; OSF's public `open1`."""

    access: RecordedAccess
    links: Links
    rdm: RdmStandIn
    osf: RdmStandIn
    clock: _Clock

    async def holder(self, *granted: str, rdm: str | None = None) -> Principal:
        """Make a key, link an account of RDM's to it, and return its holder."""
        order = KeyOrder(name="a", principal_id="b", scopes=ALL_SCOPES, projects=granted or ("*",))
        holder = await self.access.keys.verify((await self.access.keys.create(order)).key)
        if rdm is not None:
            await self.links.link(subject_of(holder), "rdm", SecretStr(rdm))
        return holder

    async def seen(self, principal: Principal, *among: str) -> list[str]:
        found = await self.access.readable_projects(principal, among or None)
        return [project.project_id for project in found]


@pytest.fixture
async def house(database: Database) -> AsyncGenerator[_House]:
    async with AsyncExitStack() as stack:
        rdm = await stack.enter_async_context(serve_rdm(_world("top01", "part1")))
        osf = await stack.enter_async_context(serve_rdm(_world("open1")))
        osf.world.set_public("open1", is_public=True)
        settings: dict[InstanceName, RdmSettings] = {
            "rdm": _quick(rdm).model_copy(update={"has_public_projects": False}),
            "osf": _quick(osf),
        }
        budgets = RequestBudgets(database=database, secret=b"secret")
        links = Links(
            records=LinkRecords(database),
            vault=TokenVault([b"k" * 32]),
            ask_account=account_asker(settings, budgets),
        )
        sessions = await stack.enter_async_context(open_rdm_sessions(settings, budgets))
        clock = _Clock()
        readers = await stack.enter_async_context(
            open_readers(links, AskedRdm(sessions), clock=clock)
        )
        access = RecordedAccess(
            projects=await _projects(database),
            keys=Keys(database=database, secret=b"s" * 32),
            readers=readers,
        )
        yield _House(access=access, links=links, rdm=rdm, osf=osf, clock=clock)


def _world(top: str, part: str | None = None) -> RdmWorld:
    world = RdmWorld()
    for user in ("u1aok", "u2sat"):
        world.add_user(user)
    world.add_node(top)
    if part is not None:
        world.add_node(part, parent=top)
    return world


def _quick(stand_in: RdmStandIn) -> RdmSettings:
    return stand_in.settings.model_copy(update={"requests_per_second": 1_000, "tries": 1})


async def _projects(database: Database) -> ProjectRecords:
    projects = ProjectRecords(database)
    folder = ProjectRecord(
        project_id="alpha",
        title="ヴェーダ",
        location="/alpha",
        created_by="me",
        created_at=datetime.now(UTC),
    )
    top = replace(
        folder, project_id="rdm-top01", title="Top", kind="rdm", instance="rdm", node="top01"
    )
    part = replace(top, project_id="rdm-part1", title="Part", node="part1", parent_node="top01")
    public = replace(top, project_id="osf-open1", title="Open", instance="osf", node="open1")
    for project in (
        folder,
        replace(folder, project_id="beta", title="Beta", location="/beta"),
        top,
        part,
        replace(public, is_public=True),
    ):
        await SourceRecords(database).add(project)
    return projects


async def test_a_key_sees_the_folders_it_was_granted_by_title(house: _House) -> None:
    assert await house.seen(await house.holder("alpha", "beta", "long gone")) == FOLDERS
    assert await house.seen(await house.holder("beta")) == ["beta"]


async def test_without_a_link_rdms_private_projects_are_not_there(house: _House) -> None:
    assert await house.seen(await house.holder()) == ["beta", "osf-open1", "alpha"]


async def test_a_linked_account_sees_what_it_contributes_to(house: _House) -> None:
    house.rdm.world.grant("u1aok", "top01", "write")
    aoki = await house.holder(rdm="token-u1aok")
    assert await house.seen(aoki, *KEPT_NODES) == ["osf-open1", "rdm-top01"]
    sato = await house.holder(rdm="token-u2sat")
    assert await house.seen(sato, *KEPT_NODES) == ["osf-open1"]


async def test_an_administrator_sees_the_components_of_others(house: _House) -> None:
    house.rdm.world.grant("u1aok", "top01", "admin")
    house.rdm.world.grant("u2sat", "part1", "read")
    aoki, sato = [await house.holder(rdm=f"token-{user}") for user in ("u1aok", "u2sat")]
    assert await house.seen(aoki, "rdm-top01", "rdm-part1") == ["rdm-part1", "rdm-top01"]
    assert await house.seen(sato, "rdm-top01", "rdm-part1") == ["rdm-part1"]


async def test_the_grant_of_the_key_limits_what_the_account_may_read(house: _House) -> None:
    house.rdm.world.grant("u1aok", "top01", "admin")
    aoki = await house.holder("rdm-part1", "beta", rdm="token-u1aok")
    assert await house.seen(aoki) == ["beta", "rdm-part1"]


async def test_what_rdm_takes_away_is_gone_within_a_minute(house: _House) -> None:
    house.rdm.world.grant("u1aok", "top01")
    aoki = await house.holder(rdm="token-u1aok")
    before = await house.seen(aoki, "rdm-top01")
    house.rdm.world.revoke("u1aok", "top01")
    house.clock.time += MAX_AGE_S
    assert (before, await house.seen(aoki, "rdm-top01")) == (["rdm-top01"], [])


async def test_unlinking_and_linking_another_account_count_at_once(house: _House) -> None:
    house.rdm.world.grant("u1aok", "top01")
    aoki = await house.holder(rdm="token-u1aok")
    assert await house.seen(aoki, "rdm-top01") == ["rdm-top01"]
    await house.links.link(subject_of(aoki), "rdm", SecretStr("token-u2sat"))
    assert await house.seen(aoki, "rdm-top01") == []
    await house.links.link(subject_of(aoki), "rdm", SecretStr("token-u1aok"))
    await house.links.unlink(subject_of(aoki), "rdm")
    assert await house.seen(aoki, "rdm-top01") == []


async def test_a_node_that_was_made_private_is_gone_within_a_minute(house: _House) -> None:
    holder = await house.holder()
    before = await house.seen(holder, "osf-open1")
    house.osf.world.set_public("open1", is_public=False)
    house.clock.time += MAX_AGE_S
    assert (before, await house.seen(holder, "osf-open1")) == (["osf-open1"], [])


async def test_a_node_that_was_private_at_the_last_sync_is_not_public_before_the_next(
    house: _House,
) -> None:
    house.rdm.world.set_public("top01", is_public=True)
    assert await house.seen(await house.holder(), "rdm-top01") == []


async def test_a_refused_token_is_told_to_its_owner_alone(house: _House) -> None:
    aoki, sato = [await house.holder(rdm=f"token-{user}") for user in ("u1aok", "u2sat")]
    house.rdm.world.refuse_token("token-u1aok")
    for asked in ([], ["rdm-top01"], ["rdm-nnnnn"]):
        with pytest.raises(RdmTokenRefused):
            await house.seen(aoki, *asked)
    assert await house.seen(sato) == ["beta", "osf-open1", "alpha"]


async def test_while_rdm_is_away_nobody_is_told_that_there_is_nothing(house: _House) -> None:
    aoki = await house.holder(rdm="token-u1aok")
    house.rdm.faults.add(Fault(Refuse(503), host="api", times=None))
    for asked in ([], ["rdm-top01"], ["rdm-nnnnn"], ["alpha", "rdm-top01"]):
        with pytest.raises(RdmUnavailable):
            await house.seen(aoki, *asked)


async def test_while_rdm_is_away_folders_and_the_other_instance_are_still_read(
    house: _House,
) -> None:
    aoki = await house.holder(rdm="token-u1aok")
    house.rdm.faults.add(Fault(Refuse(503), host="api", times=None))
    assert await house.seen(aoki, "alpha", "nowhere") == ["alpha"]
    assert await house.seen(aoki, "osf-open1") == ["osf-open1"]
    assert await house.access.sees_behind(aoki, "alpha")


async def test_who_asks_for_folders_does_not_cost_a_request(house: _House) -> None:
    aoki = await house.holder(rdm="token-u1aok")
    house.rdm.calls.clear()
    await house.seen(aoki, "alpha", "beta", "nowhere")
    assert house.rdm.calls == []


async def test_many_searches_cost_one_request_a_minute(house: _House) -> None:
    aoki = await house.holder(rdm="token-u1aok")
    house.rdm.calls.clear()
    for _ in range(5):
        await house.seen(aoki)
        await house.access.sees(aoki, "rdm-top01")
    assert [call.path for call in house.rdm.calls] == ["/v2/users/me/nodes/"]


async def test_a_revoked_key_sees_nothing_any_more(house: _House) -> None:
    house.rdm.world.grant("u1aok", "top01")
    holder = await house.holder(rdm="token-u1aok")
    await house.access.keys.revoke(str(holder.key_id))
    assert await house.seen(holder) == []
    assert not await house.access.sees(holder, "rdm-top01")
    assert not await house.access.sees_behind(holder, "alpha")


async def test_the_local_operator_sees_everything_without_asking(house: _House) -> None:
    seen = await house.seen(LOCAL_OPERATOR)
    assert seen == ["beta", "osf-open1", "rdm-part1", "rdm-top01", "alpha"]
    assert house.rdm.calls + house.osf.calls == []


async def test_whoever_only_says_to_be_somebody_sees_nothing(house: _House) -> None:
    holder = await house.holder()
    for impostor in (
        LOCAL_OPERATOR.model_copy(update={"id": "local"}),
        LOCAL_OPERATOR.model_copy(update={"key_id": "0123456789ab"}),
        holder.model_copy(update={"key_id": None}),
    ):
        assert not is_local_operator(impostor)
        assert await house.seen(impostor) == []


@pytest.mark.parametrize("hidden", ["alpha", "rdm-top01"])
async def test_a_project_that_is_not_there_looks_like_one_that_is_not_seen(
    house: _House, hidden: str
) -> None:
    holder = await house.holder("beta", "osf-open1", rdm="token-u1aok")
    told: list[str] = []
    for project_id in (hidden, f"{hidden}x"):
        with pytest.raises(ProjectUnknown) as caught:
            await house.access.require(holder, project_id)
        told.append(caught.value.body().model_dump_json().replace(project_id, "ID"))
    assert told[0] == told[1]


async def test_behind_an_id_nothing_looks_like_what_is_not_seen(house: _House) -> None:
    holder = await house.holder("beta", rdm="token-u1aok")
    behind = ("beta", "alpha", "rdm-top01", None)
    assert [await house.access.sees_behind(holder, each) for each in behind] == [
        True,
        False,
        False,
        False,
    ]
