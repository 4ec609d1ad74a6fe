"""What is asked of API v2, and how its answers are read: accounts, trees, permissions, logs."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import pytest

from connectors.rdm.api import RdmApi
from connectors.rdm.models import Node, Readable
from connectors.rdm.problems import RdmForbidden, RdmGone, RdmTokenRefused, RdmUnavailable
from tests.connectors.rdm.asking import AOKI, aokis_world, session_at
from tests.servers.rdm import RdmStandIn, serve_rdm
from tests.servers.rdm_faults import Fault, Refuse, Replace
from tests.servers.rdm_world import RdmWorld


@asynccontextmanager
async def _api(
    world: RdmWorld, token: str | None = AOKI
) -> AsyncGenerator[tuple[RdmApi, RdmStandIn]]:
    async with serve_rdm(world) as rdm, session_at(rdm, token) as session:
        yield RdmApi(session), rdm


@pytest.fixture
def world() -> RdmWorld:
    """A project of Aoki's with a component, that one with another; Mori reads the project."""
    world = aokis_world()
    world.add_user("u2mor", "森 蓮", token="mori")
    world.grant("u2mor", "abc12", "read")
    world.add_node("cmp01", title="方法", parent="abc12", category="methods and measures")
    world.add_node("cmp02", title="試料", parent="cmp01")
    for node_id in ("cmp01", "cmp02"):
        world.grant("u1aok", node_id, "admin")
    return world


def _ids(nodes: list[Node]) -> list[str]:
    return [node.node_id for node in nodes]


async def _tree(world: RdmWorld, top: str = "abc12", *, token: str | None = AOKI) -> list[str]:
    async with _api(world, token) as (api, _):
        return _ids(await api.tree(top, registrations=False))


# Accounts


async def test_a_token_tells_whose_it_is(world: RdmWorld) -> None:
    async with _api(world) as (api, _):
        account = await api.account()
    assert (account.user_id, account.full_name) == ("u1aok", "青木 花子")


async def test_a_wrong_token_tells_nothing(world: RdmWorld) -> None:
    async with _api(world, "wrong") as (api, _):
        with pytest.raises(RdmTokenRefused):
            await api.account()


# One node


async def test_a_node_is_read_with_all_that_is_said_of_it(world: RdmWorld) -> None:
    world.edit("cmp01", description="引張と疲労", tags=["鋼", "SUS304"])
    async with _api(world) as (api, rdm):
        node = await api.node("cmp01")
    assert (node.title, node.description, node.tags) == ("方法", "引張と疲労", ("鋼", "SUS304"))
    assert (node.parent, node.root, node.category) == ("abc12", "abc12", "methods and measures")
    assert node.permissions == {"read", "write", "admin"}
    assert (node.is_public, node.is_registration) == (False, False)
    assert node.modified is not None
    assert node.link == f"{rdm.web_url}cmp01/"


async def test_a_deleted_a_private_and_an_unknown_node_are_told_apart(world: RdmWorld) -> None:
    world.add_node("priv1")
    world.remove_node("cmp02")
    async with _api(world) as (api, _):
        with pytest.raises(RdmGone) as deleted:
            await api.node("cmp02")
        with pytest.raises(RdmGone) as unknown:
            await api.node("none1")
        with pytest.raises(RdmForbidden):
            await api.node("priv1")
    assert (deleted.value.is_deleted, unknown.value.is_deleted) == (True, False)


@pytest.mark.parametrize("node_id", ["", "../users/me", "ABC12", "abc1", "abc12/", "a" * 65])
async def test_what_can_be_no_id_is_not_asked_for(world: RdmWorld, node_id: str) -> None:
    async with _api(world) as (api, rdm):
        with pytest.raises(RdmGone):
            await api.node(node_id)
        with pytest.raises(RdmGone):
            await api.tree(node_id, registrations=False)
        assert rdm.calls == []


_NODE: Mapping[str, object] = {
    "id": "abc12",
    "attributes": {"title": "T", "public": False},
    "relationships": {},
}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "../x"},
        {"id": None},
        {"attributes": {"public": False}},
        {"attributes": {"title": "T", "public": "perhaps"}},
        {"relationships": None},
        {"relationships": {"parent": {"data": {"id": "../x"}}}},
    ],
)
async def test_a_node_in_another_form_is_no_answer(
    world: RdmWorld, change: Mapping[str, object]
) -> None:
    document = _json({"data": {**_NODE, **change}})
    async with _api(world) as (api, rdm):
        rdm.faults.add(Fault(Replace(document), host="api"))
        with pytest.raises(RdmUnavailable, match="another form"):
            await api.node("abc12")


@pytest.mark.parametrize("parent", [None, {}, {"data": None}, {"links": None}])
async def test_a_node_without_a_parent_is_a_project(world: RdmWorld, parent: object) -> None:
    document = _json({"data": {**_NODE, "relationships": {"parent": parent, "root": parent}}})
    async with _api(world) as (api, rdm):
        rdm.faults.add(Fault(Replace(document), host="api"))
        node = await api.node("abc12")
    assert (node.parent, node.root) == (None, "abc12")


# Trees


async def test_a_tree_costs_one_request(world: RdmWorld) -> None:
    async with _api(world) as (api, rdm):
        assert _ids(await api.tree("abc12", registrations=False)) == ["abc12", "cmp01", "cmp02"]
        assert len(rdm.calls) == 1


async def test_a_tree_of_more_than_a_page_is_whole(world: RdmWorld) -> None:
    for number in range(230):
        world.add_node(f"many{number:03}", parent="cmp01")
        world.grant("u1aok", f"many{number:03}", "read")
    async with _api(world) as (api, rdm):
        assert len(await api.tree("abc12", registrations=False)) == 233
        assert len(rdm.calls) == 3


async def test_a_tree_may_begin_at_a_component(world: RdmWorld) -> None:
    assert await _tree(world, "cmp01") == ["cmp01", "cmp02"]


async def test_who_reads_the_project_does_not_see_its_components(world: RdmWorld) -> None:
    assert await _tree(world, token="mori") == ["abc12"]


async def test_a_public_component_of_a_private_one_is_seen(world: RdmWorld) -> None:
    world.set_public("cmp02", is_public=True)
    assert await _tree(world, token="mori") == ["abc12", "cmp02"]


@pytest.mark.parametrize("listed", ["all that may be seen", "only what is contributed to"])
async def test_an_administrator_sees_all_below_also_what_rdm_does_not_list(
    world: RdmWorld, listed: str
) -> None:
    world.lists_administered = listed == "all that may be seen"
    for node_id in ("cmp01", "cmp02"):
        world.revoke("u1aok", node_id)
    assert await _tree(world) == ["abc12", "cmp01", "cmp02"]
    assert await _tree(world, "cmp01") == ["cmp01", "cmp02"]


async def test_a_tree_of_others_is_private(world: RdmWorld) -> None:
    world.add_node("priv1")
    with pytest.raises(RdmForbidden):
        await _tree(world, "priv1")


async def test_a_deleted_tree_is_gone_and_a_deleted_component_left_out(world: RdmWorld) -> None:
    world.remove_node("cmp02")
    assert await _tree(world) == ["abc12", "cmp01"]
    world.remove_node("abc12")
    with pytest.raises(RdmGone):
        await _tree(world)


async def test_without_a_token_only_a_public_tree_is_seen(world: RdmWorld) -> None:
    with pytest.raises(RdmForbidden):
        await _tree(world, token=None)
    world.set_public("abc12", is_public=True)
    assert await _tree(world, token=None) == ["abc12"]


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize("path", [r"/nodes/\?", "/children/", "/registrations/"])
async def test_a_part_of_the_tree_that_is_refused_does_not_look_like_a_lost_project(
    world: RdmWorld, status: int, path: str
) -> None:
    world.revoke("u1aok", "cmp01")
    async with _api(world) as (api, rdm):
        rdm.faults.add(Fault(Refuse(status), host="api", path=path))
        with pytest.raises(RdmUnavailable, match="a part of the tree"):
            await api.tree("abc12", registrations=True)


async def test_registrations_are_left_out_unless_asked_for(world: RdmWorld) -> None:
    world.add_registration("reg01", of="abc12")
    world.add_registration("reg00", of="cmp01", parent="reg01")
    assert await _tree(world) == ["abc12", "cmp01", "cmp02"]
    async with _api(world) as (api, _):
        nodes = await api.tree("abc12", registrations=True)
    assert _ids(nodes) == ["abc12", "cmp01", "cmp02", "reg01", "reg00"]
    assert [node.is_registration for node in nodes] == [False, False, False, True, True]


async def test_a_registration_is_a_tree_of_its_own(world: RdmWorld) -> None:
    world.add_registration("reg01", of="abc12")
    world.add_registration("reg00", of="cmp01", parent="reg01")
    assert await _tree(world, "reg01") == ["reg01", "reg00"]


# Permissions


async def test_readable_is_what_one_contributes_to_on_all_pages(world: RdmWorld) -> None:
    for number in range(130):
        world.add_node(f"many{number:03}")
        world.grant("u2mor", f"many{number:03}", "write")
    world.grant("u2mor", "cmp02", "admin")
    async with _api(world, "mori") as (api, _):
        readable = await api.readable(registrations=False)
    assert readable.contributed == {
        "abc12",
        "cmp02",
        *(f"many{number:03}" for number in range(130)),
    }
    assert readable.administered == {"cmp02"}


async def test_registrations_are_readable_where_they_are_asked_for(world: RdmWorld) -> None:
    world.add_registration("reg01", of="abc12")
    async with _api(world, "mori") as (api, _):
        assert await api.readable(registrations=True) == Readable(
            contributed=frozenset({"abc12", "reg01"}), administered=frozenset()
        )


async def test_only_what_is_public_now_is_public(world: RdmWorld) -> None:
    world.add_node("publ1", is_public=True)
    world.add_registration("reg01", of="abc12", is_public=True)
    asked = ["abc12", "cmp01", "publ1", "reg01", "none1", "../x"]
    async with _api(world) as (api, _):
        assert await api.public_among(asked) == {"publ1", "reg01"}
        world.set_public("publ1", is_public=False)
        assert await api.public_among(asked) == {"reg01"}


async def test_many_are_asked_about_by_the_page(world: RdmWorld) -> None:
    many = [f"many{number:03}" for number in range(130)]
    for node_id in many:
        world.add_node(node_id, is_public=True)
    async with _api(world, None) as (api, rdm):
        assert await api.public_among(many) == set(many)
        assert len(rdm.calls) == 2


async def test_nobody_is_asked_about_nothing(world: RdmWorld) -> None:
    async with _api(world) as (api, rdm):
        assert await api.public_among([]) == frozenset()
        assert rdm.calls == []


# What a node has


async def test_the_newest_log_changes_with_every_change(world: RdmWorld) -> None:
    async with _api(world) as (api, rdm):
        node = await api.node("abc12")
        before = await api.newest_log(node)
        assert await api.newest_log(node) == before
        world.put("abc12", "/a.txt", b"")
        assert await api.newest_log(node) != before
        assert rdm.calls[-1].query["page[size]"] == "1"


async def test_a_node_without_logs_has_no_newest(world: RdmWorld) -> None:
    async with _api(world) as (api, rdm):
        node = await api.node("abc12")
        rdm.faults.add(Fault(Replace(b'{"data": []}'), host="api", path="/logs/"))
        assert await api.newest_log(node) is None


async def test_storages_are_named_in_order(world: RdmWorld) -> None:
    for provider in ("s3", "googledrive", "nextcloudinstitutions"):
        world.add_provider("abc12", provider)
    async with _api(world) as (api, _):
        names = await api.providers(await api.node("abc12"))
    assert names == ["googledrive", "nextcloudinstitutions", "osfstorage", "s3"]


@pytest.mark.parametrize("provider", ["../x", "a/b", "", "A B", None])
async def test_a_storage_that_can_be_none_is_no_answer(
    world: RdmWorld, provider: str | None
) -> None:
    document = _json(
        {
            "data": [{"id": "x", "attributes": {"provider": provider}}],
            "links": {"next": None},
            "meta": {"total": 1, "per_page": 100},
        }
    )
    async with _api(world) as (api, rdm):
        node = await api.node("abc12")
        rdm.faults.add(Fault(Replace(document), host="api", path="/files/"))
        with pytest.raises(RdmUnavailable, match="another form"):
            await api.providers(node)


async def test_the_pages_of_a_wiki_have_names_versions_and_texts(world: RdmWorld) -> None:
    world.add_wiki("abc12", "home", "# はじめに")
    world.add_wiki("abc12", "home", "# はじめに\n改訂")
    async with _api(world) as (api, _):
        [page] = await api.wikis(await api.node("abc12"))
        text = await api.wiki_text(page.wiki_id, limit=1000)
    assert (page.name, page.version) == ("home", "2")
    assert text.decode() == "# はじめに\n改訂"


async def test_a_wiki_without_pages_is_not_asked_for(world: RdmWorld) -> None:
    async with _api(world) as (api, rdm):
        node = await api.node("abc12")
        assert (node.has_wiki, await api.wikis(node)) == (False, [])
        assert len(rdm.calls) == 1


async def test_a_wiki_that_is_disabled_meanwhile_is_no_empty_one(world: RdmWorld) -> None:
    world.add_wiki("abc12", "home", "# はじめに")
    async with _api(world) as (api, _):
        node = await api.node("abc12")
        world.nodes["abc12"].has_wiki = False
        with pytest.raises(RdmGone):
            await api.wikis(node)


async def test_the_wiki_of_a_deleted_project_is_gone(world: RdmWorld) -> None:
    world.add_wiki("abc12", "home", "# はじめに")
    async with _api(world) as (api, _):
        node = await api.node("abc12")
        world.remove_node("abc12")
        with pytest.raises(RdmGone):
            await api.wikis(node)


def _json(document: object) -> bytes:
    return json.dumps(document).encode()
