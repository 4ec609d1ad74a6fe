"""The stand-in shows a node to whom RDM shows it, and says to others what RDM says."""

import pytest

from tests.servers.conftest import Caller, stored
from tests.servers.rdm import RdmStandIn
from tests.servers.rdm_replies import HostRole
from tests.servers.rdm_world import RdmWorld

PATHS: list[tuple[HostRole, str]] = [
    ("api", "nodes/abc12/"),
    ("api", "nodes/abc12/logs/"),
    ("files", stored()),
    ("web", "api/v1/project/abc12/metadata/project"),
]


async def test_a_token_says_whose_it_is(caller: Caller) -> None:
    account = (await caller.api("users/me/"))["data"]
    assert (account["id"], account["attributes"]["full_name"]) == ("u1aok", "青木 花子")


@pytest.mark.parametrize(("host", "path"), PATHS)
@pytest.mark.parametrize(("token", "status"), [("beppu", 403), ("unknown", 401), (None, 401)])
async def test_a_private_project_is_kept_from_others(
    caller: Caller, host: HostRole, path: str, token: str | None, status: int
) -> None:
    assert (await caller.get(host, path, token=token)).status_code == status


@pytest.mark.parametrize(("host", "path"), PATHS)
async def test_a_deleted_project_is_gone_for_everybody(
    caller: Caller, world: RdmWorld, host: HostRole, path: str
) -> None:
    world.remove_node("abc12")
    assert (await caller.get(host, path)).status_code == 410
    assert (await caller.get(host, path, token="beppu")).status_code == 410


@pytest.mark.parametrize(("host", "path"), PATHS)
async def test_an_unknown_project_is_not_found(caller: Caller, host: HostRole, path: str) -> None:
    assert (await caller.get(host, path.replace("abc12", "zzzzz"))).status_code == 404


async def test_a_deleted_project_takes_its_components_with_it(
    caller: Caller, world: RdmWorld
) -> None:
    world.remove_node("abc12")
    assert (await caller.get("api", "nodes/cmp34/", token="beppu")).status_code == 410


async def test_errors_have_the_form_of_their_host(caller: Caller) -> None:
    api = (await caller.get("api", "nodes/abc12/", token="beppu")).json()
    files = (await caller.get("files", stored("/none.md"))).json()
    web = (await caller.get("web", PATHS[-1][1], token="beppu")).json()
    assert api["errors"][0]["detail"] == "You do not have permission to perform this action."
    assert files["message"] == "Could not retrieve file or directory /none.md"
    assert (files["code"], web["code"]) == (404, 403)


async def test_a_refused_token_is_refused_everywhere(caller: Caller, world: RdmWorld) -> None:
    world.refuse_token("aoki")
    answers = [await caller.get(host, path) for host, path in PATHS]
    assert [answer.status_code for answer in answers] == [401] * 4


async def test_a_user_may_have_another_token(caller: Caller, world: RdmWorld) -> None:
    world.add_token("u1aok", "new")
    assert (await caller.api("users/me/", token="new"))["data"]["id"] == "u1aok"


async def test_reading_the_parent_does_not_grant_its_component(
    caller: Caller, world: RdmWorld
) -> None:
    world.grant("u1aok", "abc12", "write")
    assert (await caller.get("api", "nodes/cmp34/")).status_code == 403
    assert await caller.ids("nodes/abc12/children/") == []


async def test_an_administrator_of_the_parent_may_view_a_component(caller: Caller) -> None:
    node = (await caller.api("nodes/cmp34/"))["data"]["attributes"]
    assert (node["current_user_is_contributor"], node["current_user_permissions"]) == (False, [])
    assert await caller.ids("nodes/abc12/children/") == ["cmp34"]


async def test_what_one_views_as_an_administrator_above_is_counted_but_not_listed(
    caller: Caller, world: RdmWorld
) -> None:
    whole_tree = "nodes/?filter[root]=abc12&related_counts=children"
    [top] = (await caller.api(whole_tree))["data"]
    assert top["relationships"]["children"]["links"]["related"]["meta"] == {"count": 1}
    world.lists_administered = True
    assert await caller.ids(whole_tree) == ["cmp34", "abc12"]


async def test_only_what_one_contributes_to_is_ones_own(caller: Caller, world: RdmWorld) -> None:
    world.grant("u1aok", "cmp34")
    assert await caller.ids("users/me/nodes/") == ["cmp34", "abc12"]
    world.revoke("u1aok", "abc12")
    assert await caller.ids("users/me/nodes/") == ["cmp34"]
    assert (await caller.get("api", "users/me/nodes/", token=None)).status_code == 401


async def test_without_a_token_only_public_projects_are_there(
    caller: Caller, world: RdmWorld
) -> None:
    assert await caller.ids("nodes/", token=None) == ["pub56"]
    world.set_public("pub56", is_public=False)
    assert await caller.ids("nodes/", token=None) == []
    assert (await caller.get("api", "nodes/pub56/", token=None)).status_code == 401


async def test_permissions_are_listed_up_to_the_one_that_was_granted(caller: Caller) -> None:
    async def permissions(node: str, version: str) -> object:
        document = await caller.api(f"nodes/{node}/", token="beppu", version=version)
        return document["data"]["attributes"]["current_user_permissions"]

    assert await permissions("cmp34", "2.20") == ["read", "write"]
    assert await permissions("pub56", "2.20") == []
    assert await permissions("pub56", "2.0") == ["read"]


async def test_every_request_is_remembered_with_its_token(caller: Caller, rdm: RdmStandIn) -> None:
    await caller.get("api", "nodes/?filter[public]=true", token="beppu")
    [call] = rdm.calls_to("api")
    assert (call.path, call.query, call.token) == (
        "/v2/nodes/",
        {"filter[public]": "true"},
        "beppu",
    )
