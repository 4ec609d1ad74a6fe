"""The stand-in speaks API v2 as RDM does: versions, pages, filters, throttles, documents."""

from datetime import UTC, datetime

import pytest

from tests.servers.conftest import Caller
from tests.servers.rdm import RdmStandIn
from tests.servers.rdm_throttle import Limits
from tests.servers.rdm_world import RdmWorld


async def test_totals_are_where_the_version_has_them(caller: Caller) -> None:
    old = await caller.api("nodes/", version="2.0")
    new = await caller.api("nodes/", version="2.1")
    assert old["links"]["meta"] == {"total": 2, "per_page": 10}
    assert old["meta"] == {"version": "2.0"}
    assert new["meta"] == {"version": "2.1", "total": 2, "per_page": 10}
    assert "meta" not in new["links"]


async def test_the_version_is_two_zero_unless_asked_for(caller: Caller) -> None:
    answer = await caller.get("api", "nodes/", accept="*/*")
    assert answer.json()["meta"]["version"] == "2.0"
    assert (await caller.api("nodes/", version="9.9"))["errors"]


async def test_pages_follow_each_other_until_next_is_null(caller: Caller, world: RdmWorld) -> None:
    for number in range(25):
        world.add_node(f"n{number:04}", is_public=True)
    seen: list[str] = []
    following = "nodes/"
    while following:
        page = await caller.api(following, token=None)
        seen += [node["id"] for node in page["data"]]
        following = (page["links"]["next"] or "").partition("/v2/")[2]
    assert seen == [f"n{number:04}" for number in reversed(range(25))] + ["pub56"]


async def test_a_page_has_at_most_a_hundred_elements(caller: Caller, world: RdmWorld) -> None:
    for number in range(120):
        world.put("abc12", f"/{number}.txt", b"")
    page = await caller.api("nodes/abc12/files/osfstorage/?page[size]=1000")
    assert (len(page["data"]), page["meta"]["total"]) == (100, 120)


@pytest.mark.parametrize("page", ["0", "2", "x"])
async def test_a_page_that_does_not_exist_is_not_found(caller: Caller, page: str) -> None:
    answer = await caller.get("api", f"nodes/?page={page}")
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (404, "Invalid page.")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("filter[id]=pub56,abc12,zzzzz", ["abc12", "pub56"]),
        ("filter[public]=true", ["pub56"]),
        ("filter[title]=疲労", ["abc12"]),
        ("filter[category]=data", []),
        ("filter[root]=abc12", ["abc12"]),
        ("filter[parent]=null&filter[public]=false", ["abc12"]),
    ],
)
async def test_nodes_are_filtered(caller: Caller, filters: str, found: list[str]) -> None:
    assert await caller.ids(f"nodes/?{filters}") == found


async def test_an_unknown_filter_is_a_bad_request(caller: Caller) -> None:
    answer = await caller.get("api", "nodes/?filter[colour]=red")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["source"] == {"parameter": "filter"}


async def test_a_node_says_where_it_hangs(caller: Caller) -> None:
    node = (await caller.api("nodes/cmp34/", token="beppu"))["data"]
    assert node["relationships"]["parent"]["data"] == {"id": "abc12", "type": "nodes"}
    assert node["relationships"]["root"]["data"] == {"id": "abc12", "type": "nodes"}
    assert node["attributes"]["title"] == "組織観察"


async def test_contributors_have_their_permission(caller: Caller) -> None:
    [one] = (await caller.api("nodes/cmp34/contributors/"))["data"]
    assert (one["id"], one["attributes"]["permission"]) == ("cmp34-u2bep", "write")


async def test_each_storage_is_listed_also_one_that_fails(caller: Caller, world: RdmWorld) -> None:
    world.add_provider("abc12", "googledrive")
    world.fail_provider("abc12", "googledrive")
    assert await caller.ids("nodes/abc12/files/") == ["abc12:osfstorage", "abc12:googledrive"]


async def test_files_are_listed_with_their_hashes(caller: Caller, world: RdmWorld) -> None:
    world.put("abc12", "/実験/メモ.txt", "室温".encode())
    [folder] = (await caller.api("nodes/abc12/files/osfstorage/"))["data"]
    path = folder["attributes"]["path"]
    [file] = (await caller.api(f"nodes/abc12/files/osfstorage{path}"))["data"]
    assert file["attributes"]["materialized_path"] == "/実験/メモ.txt"
    assert file["attributes"]["size"] == 6
    assert file["attributes"]["extra"]["hashes"]["sha256"].startswith("4d34a193")


async def test_a_wiki_page_has_a_version_and_content(caller: Caller, world: RdmWorld) -> None:
    world.add_wiki("abc12", "home", "# 目的")
    page = world.add_wiki("abc12", "home", "# 目的と方法")
    [listed] = (await caller.api("nodes/abc12/wikis/"))["data"]
    assert (listed["id"], listed["attributes"]["extra"]) == (page.wiki_id, {"version": 2})
    content = await caller.get("api", f"wikis/{page.wiki_id}/content/")
    assert content.text == "# 目的と方法"
    assert (await caller.get("api", f"wikis/{page.wiki_id}/", token="beppu")).status_code == 403


async def test_every_change_of_a_node_is_its_newest_log(caller: Caller, world: RdmWorld) -> None:
    async def newest() -> object:
        [log] = (await caller.api("nodes/abc12/logs/?page[size]=1"))["data"]
        return log["attributes"]["action"]

    world.put("abc12", "/a.txt", b"1")
    assert await newest() == "osf_storage_file_added"
    world.put("abc12", "/a.txt", b"2")
    assert await newest() == "osf_storage_file_updated"
    world.move("abc12", "/a.txt", "/b.txt")
    assert await newest() == "addon_file_renamed"
    world.delete("abc12", "/b.txt")
    assert await newest() == "osf_storage_file_removed"


async def test_logs_include_those_of_components_one_may_view(
    caller: Caller, world: RdmWorld
) -> None:
    world.put("cmp34", "/a.txt", b"")
    assert (await caller.api("nodes/abc12/logs/"))["meta"]["total"] == 5
    world.grant("u1aok", "abc12", "read")
    assert (await caller.api("nodes/abc12/logs/"))["meta"]["total"] == 3


async def test_a_change_behind_rdms_back_has_no_log(caller: Caller, world: RdmWorld) -> None:
    before = await caller.ids("nodes/abc12/logs/")
    world.put("abc12", "/a.txt", b"", is_logged=False)
    assert await caller.ids("nodes/abc12/logs/") == before


async def test_logs_are_filtered_by_date(caller: Caller, world: RdmWorld) -> None:
    world.clock = lambda: datetime(2100, 1, 1, tzinfo=UTC).timestamp()
    world.edit("abc12", title="新しい題")
    since = await caller.api("nodes/abc12/logs/?filter[date][gte]=2099-12-31T00:00:00")
    assert [log["attributes"]["action"] for log in since["data"]] == ["edit_title"]


async def test_a_registration_is_frozen_and_has_a_route_of_its_own(
    caller: Caller, world: RdmWorld
) -> None:
    world.put("abc12", "/a.txt", b"1")
    world.add_registration("reg78", of="abc12")
    world.put("abc12", "/a.txt", b"2")
    [listed] = (await caller.api("users/me/registrations/"))["data"]
    assert (listed["id"], listed["attributes"]["registered_from"]) == ("reg78", "abc12")
    assert (await caller.get("api", "nodes/reg78/")).status_code == 404
    assert await caller.ids("nodes/abc12/registrations/") == ["reg78"]
    [file] = (await caller.api("registrations/reg78/files/osfstorage/"))["data"]
    assert file["attributes"]["extra"]["hashes"]["md5"] == "c4ca4238a0b923820dcc509a6f75849b"


async def test_too_many_requests_are_throttled_until_time_has_passed(
    caller: Caller, rdm: RdmStandIn, world: RdmWorld
) -> None:
    now = [1000.0]
    world.clock = lambda: now[0]
    rdm.throttle(Limits(per_second=2))
    statuses = [(await caller.get("api", "users/me/")).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert (await caller.get("api", "users/me/", token="beppu")).status_code == 200
    now[0] += 1
    assert (await caller.get("api", "users/me/")).status_code == 200


async def test_a_spent_day_says_how_long_it_lasts(
    caller: Caller, rdm: RdmStandIn, world: RdmWorld
) -> None:
    now = [1000.0]
    world.clock = lambda: now[0]
    rdm.throttle(Limits(per_day=1))
    await caller.get("api", "users/me/")
    now[0] += 400
    refused = await caller.get("api", "users/me/")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "86000")


async def test_callers_without_a_token_share_an_hour(caller: Caller, rdm: RdmStandIn) -> None:
    rdm.throttle(Limits(anonymous_per_hour=1))
    statuses = [(await caller.get("api", "nodes/", token=None)).status_code for _ in range(2)]
    assert statuses == [200, 429]


async def test_files_and_metadata_are_not_throttled(caller: Caller, rdm: RdmStandIn) -> None:
    rdm.throttle(Limits(per_second=1))
    for _ in range(3):
        assert await caller.folder() == []
