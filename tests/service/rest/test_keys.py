"""Keys over REST: made within the bounds of the one that asks, shown once, revoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.principal import ALL_SCOPES
from service.access.who_reads import is_granted
from service.keys import NewKey
from service.rest.keys import is_within
from tests.service.rest.world import World

READER: dict[str, Any] = {"name": "読者", "scopes": ["read"], "projects": ["veda"]}


async def test_a_key_is_shown_once_and_works(world: World, operator: httpx2.AsyncClient) -> None:
    made = NewKey.model_validate_json((await operator.post("/v1/keys", json=READER)).content)
    async with world.client(made.key) as client:
        listed = (await client.get("/v1/projects")).json()["projects"]
    assert [each["project_id"] for each in listed] == ["veda"]
    assert made.key not in (await operator.get("/v1/keys")).text


async def test_a_key_is_made_for_its_maker_where_nobody_is_named(
    operator: httpx2.AsyncClient,
) -> None:
    own = (await operator.post("/v1/keys", json=READER)).json()["info"]
    named = (await operator.post("/v1/keys", json={**READER, "principal_id": "yamada"})).json()
    assert own["principal_id"] == "local-operator"
    assert named["info"]["principal_id"] == "yamada"


async def test_a_key_named_as_the_operator_is_not_the_operator(
    world: World, operator: httpx2.AsyncClient
) -> None:
    asked = {**READER, "principal_id": "local-operator", "projects": ["nowhere"]}
    made = (await operator.post("/v1/keys", json=asked)).json()
    async with world.client(made["key"]) as client:
        assert (await client.get("/v1/projects")).json() == {"projects": []}


async def test_a_revoked_key_stays_listed_and_is_refused(
    world: World, operator: httpx2.AsyncClient
) -> None:
    made = (await operator.post("/v1/keys", json=READER)).json()
    revoked = await operator.delete(f"/v1/keys/{made['info']['id']}")
    assert revoked.json()["revoked_at"]
    assert revoked.json() in (await operator.get("/v1/keys")).json()["keys"]
    async with world.client(made["key"]) as client:
        assert (await client.get("/v1/projects")).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "two\nlines"},
        {"scopes": []},
        {"scopes": ["root"]},
        {"projects": ["../x"]},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"expires_at": "2100-01-01T00:00:00"},
        {"expires_at": "9999-12-31T23:59:59-09:00"},
        {"principal_id": "a\u0000"},
    ],
)
async def test_an_order_that_does_not_fit_is_refused(
    operator: httpx2.AsyncClient, change: dict[str, Any]
) -> None:
    answer = await operator.post("/v1/keys", json={**READER, **change})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["message"].startswith(next(iter(change)))


async def test_a_key_expires_when_it_was_told_to(operator: httpx2.AsyncClient) -> None:
    end = datetime.now(UTC) + timedelta(days=1)
    made = (await operator.post("/v1/keys", json={**READER, "expires_at": end.isoformat()})).json()
    assert datetime.fromisoformat(made["info"]["expires_at"]) == end


async def test_a_key_cannot_hand_on_a_scope_that_it_lacks(world: World) -> None:
    maker = await world.key("admin", "read")
    async with world.client(maker.key) as client:
        fine = await client.post("/v1/keys", json=READER)
        more = await client.post("/v1/keys", json={**READER, "scopes": ["read", "models"]})
    assert fine.status_code == 201
    assert (more.status_code, more.json()["code"]) == (403, "scope_missing")
    assert "'models'" in more.json()["message"]


@pytest.mark.parametrize(("days", "status"), [(None, 422), (3, 422), (2, 201), (1, 201)], ids=str)
async def test_a_key_cannot_outlive_its_maker(world: World, days: int | None, status: int) -> None:
    now = datetime.now(UTC)
    maker = await world.key(expires_at=now + timedelta(days=2))
    end = None if days is None else (now + timedelta(days=days)).isoformat()
    async with world.client(maker.key) as client:
        answer = await client.post("/v1/keys", json={**READER, "expires_at": end})
    assert answer.status_code == status


@pytest.mark.parametrize("projects", [["*"], ["alloy"], ["veda", "alloy"]])
async def test_a_key_cannot_hand_on_a_project_that_it_does_not_see(
    world: World, projects: list[str]
) -> None:
    maker = await world.key(*ALL_SCOPES, projects=["veda"])
    async with world.client(maker.key) as client:
        answer = await client.post("/v1/keys", json={**READER, "projects": projects})
    assert (answer.status_code, answer.json()["code"]) == (403, "grant_missing")


async def test_a_key_sees_and_revokes_only_keys_within_its_own_bounds(world: World) -> None:
    maker = await world.key("admin", projects=["veda"])
    wider = await world.key("read", projects=["veda", "alloy"])
    equal = await world.key("read", projects=["veda"])
    async with world.client(maker.key) as client:
        listed = {key["id"] for key in (await client.get("/v1/keys")).json()["keys"]}
        refused = await client.delete(f"/v1/keys/{wider.info.id}")
        unknown = await client.delete("/v1/keys/0123456789ab")
        done = await client.delete(f"/v1/keys/{equal.info.id}")
    assert (wider.info.id in listed, equal.info.id in listed) == (False, True)
    assert (refused.status_code, unknown.status_code, done.status_code) == (404, 404, 200)
    assert refused.text.replace(wider.info.id, "ID") == unknown.text.replace("0123456789ab", "ID")


PROJECTS = st.frozensets(st.sampled_from(["a", "b", "c", "*"]))


@given(maker=PROJECTS, made=PROJECTS, handed_on=PROJECTS)
def test_handing_on_never_widens_what_is_seen(
    maker: frozenset[str], made: frozenset[str], handed_on: frozenset[str]
) -> None:
    if is_within(made, maker) and is_within(handed_on, made):
        seen = {each for each in "abcd" if is_granted(each, handed_on)}
        assert seen <= {each for each in "abcd" if is_granted(each, maker)}


async def test_a_key_is_replaced_by_one_that_may_do_the_same(
    world: World, operator: httpx2.AsyncClient
) -> None:
    asked = {**READER, "models": ["bge-m3"], "limits": {"requests_per_minute": 5}}
    former = (await operator.post("/v1/keys", json=asked)).json()
    rotated = await operator.post(
        f"/v1/keys/{former['info']['id']}/rotate", json={"overlap_s": 3600}
    )
    made = rotated.json()
    kept = ("name", "scopes", "projects", "models", "limits", "family", "expires_at")
    assert {each: made["info"][each] for each in kept} == {
        each: former["info"][each] for each in kept
    }
    for key in (former["key"], made["key"]):
        async with world.client(key) as client:
            assert (await client.get("/v1/projects")).status_code == 200
    listed = (await operator.get("/v1/keys")).json()["keys"]
    [ends] = [each["expires_at"] for each in listed if each["id"] == former["info"]["id"]]
    assert datetime.fromisoformat(ends) <= datetime.now(UTC) + timedelta(hours=1)


async def test_a_revoked_key_is_not_replaced(operator: httpx2.AsyncClient) -> None:
    made = (await operator.post("/v1/keys", json=READER)).json()
    await operator.delete(f"/v1/keys/{made['info']['id']}")
    refused = await operator.post(f"/v1/keys/{made['info']['id']}/rotate", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "key_ended")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"models": ["bge-m3"], "limits": {"streams": 2, "yen_per_day": 9}}, 201),
        ({"models": ["*"], "limits": {"streams": 2}}, 403),
        ({"models": ["gpt-oss-20b"], "limits": {"streams": 2}}, 403),
        ({"models": ["bge-m3"]}, 403),
        ({"models": ["bge-m3"], "limits": {"streams": 3}}, 403),
    ],
)
async def test_a_key_hands_out_no_more_of_models_than_it_has(
    world: World, operator: httpx2.AsyncClient, asked: dict[str, Any], status: int
) -> None:
    own = {"scopes": sorted(ALL_SCOPES), "models": ["bge-m3"], "limits": {"streams": 2}}
    maker = (await operator.post("/v1/keys", json={**READER, **own})).json()["key"]
    async with world.client(maker) as client:
        assert (await client.post("/v1/keys", json={**READER, **asked})).status_code == status


async def test_a_key_replaces_none_that_may_do_more(
    world: World, operator: httpx2.AsyncClient
) -> None:
    wide = (await operator.post("/v1/keys", json={**READER, "scopes": ["read"]})).json()["info"]
    own = {"scopes": sorted(ALL_SCOPES), "models": ["bge-m3"]}
    maker = (await operator.post("/v1/keys", json={**READER, **own})).json()["key"]
    async with world.client(maker) as client:
        assert (await client.post(f"/v1/keys/{wide['id']}/rotate", json={})).status_code == 404


async def test_a_person_is_limited_by_who_is_not(
    world: World, operator: httpx2.AsyncClient
) -> None:
    limits = {"yen_per_month": 500}
    path = "/v1/persons/yamada/limits"
    assert (await operator.put(path, json=limits)).json()["yen_per_month"] == 500
    assert (await operator.get(path)).json()["yen_per_month"] == 500
    own = {"scopes": sorted(ALL_SCOPES), "principal_id": "yamada"}
    maker = (await operator.post("/v1/keys", json={**READER, **own})).json()["key"]
    async with world.client(maker) as client:
        assert (await client.put(path, json={})).status_code == 403
        assert (await client.put("/v1/persons/sato/limits", json={})).status_code == 403
        assert (await client.put("/v1/persons/sato/limits", json=limits)).status_code == 200


async def test_who_is_limited_as_a_person_makes_no_wider_keys_for_others(
    world: World, operator: httpx2.AsyncClient
) -> None:
    await operator.put("/v1/persons/yamada/limits", json={"yen_per_month": 500})
    own = {"scopes": sorted(ALL_SCOPES), "principal_id": "yamada"}
    maker = (await operator.post("/v1/keys", json={**READER, **own})).json()["key"]
    others = (await operator.post("/v1/keys", json={**READER, "principal_id": "suzuki"})).json()
    asked = {**READER, "principal_id": "suzuki"}
    async with world.client(maker) as client:
        wider = await client.post("/v1/keys", json=asked)
        within = await client.post("/v1/keys", json={**asked, "limits": {"yen_per_month": 500}})
        for_self = await client.post("/v1/keys", json=READER)
        replaced = await client.post(f"/v1/keys/{others['info']['id']}/rotate", json={})
    assert (wider.status_code, wider.json().get("code")) == (403, "grant_missing"), wider.text
    assert (within.status_code, for_self.status_code, replaced.status_code) == (201, 201, 404)
