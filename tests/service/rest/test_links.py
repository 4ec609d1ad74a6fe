"""Linked accounts over REST: checked against RDM, sealed, shown without the token, forgotten."""

import logging

import httpx2
import pytest
from sqlalchemy import text

from tests.service.rest.world import AOKI, SATO, World

PLACE = "/v1/me/links/rdm"


async def test_a_link_says_whose_account_it_is(world: World) -> None:
    made = await world.key("read")
    async with world.client(made.key) as client:
        linked = await client.put(PLACE, json={"token": AOKI})
        shown = await client.get(PLACE)
        listed = await client.get("/v1/me/links")
    assert linked.status_code == 200
    assert (linked.json()["user_id"], linked.json()["user_name"]) == ("u1aok", "青木 花子")
    assert shown.json() == linked.json()
    assert listed.json() == {"links": [linked.json()]}


async def test_from_the_link_on_the_key_finds_what_the_account_reads(world: World) -> None:
    made = await world.key("read")
    asked = {"query": "疲労限度", "projects": ["rdm-top01"]}
    async with world.client(made.key) as client:
        before = await client.post("/v1/search", json=asked)
        await client.put(PLACE, json={"token": SATO})
        linked = await client.post("/v1/search", json=asked)
        await client.delete(PLACE)
        after = await client.post("/v1/search", json=asked)
    assert [each.status_code for each in (before, linked, after)] == [404, 200, 404]
    assert {hit["path"] for hit in linked.json()["hits"]} == {"osfstorage/疲労試験.md"}


async def test_a_hit_in_rdm_leads_to_the_page_of_its_file(world: World) -> None:
    made = await world.linked_key(SATO)
    asked = {"query": "疲労限度", "projects": ["rdm-top01"], "limit": 1}
    async with world.client(made.key) as client:
        hit = (await client.post("/v1/search", json=asked)).json()["hits"][0]
    assert hit["link"].startswith(f"{world.rdm.web_url}top01/files/osfstorage/")


async def test_a_token_that_rdm_refuses_is_not_linked(world: World) -> None:
    made = await world.key("read")
    async with world.client(made.key) as client:
        refused = await client.put(PLACE, json={"token": "nobodys-token"})
        shown = await client.get(PLACE)
    assert (refused.status_code, refused.json()["code"]) == (403, "rdm_token_refused")
    assert "nobodys-token" not in refused.text
    assert (shown.status_code, shown.json()["code"]) == (404, "link_unknown")


async def test_a_link_is_the_keys_own_not_its_holders(world: World) -> None:
    first, second = await world.linked_key(AOKI), await world.key("read")
    assert first.info.principal_id == second.info.principal_id
    async with world.client(second.key) as client:
        assert (await client.get(PLACE)).status_code == 404
        assert (await client.delete(PLACE)).status_code == 404


@pytest.mark.parametrize("token", ["", "two words", "トークン", "x\n", "x" * 513])
async def test_what_cannot_be_a_token_is_refused_and_not_repeated(world: World, token: str) -> None:
    made = await world.key("read")
    async with world.client(made.key) as client:
        answer = await client.put(PLACE, json={"token": token})
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("token: ")
    assert not token or token not in answer.text


async def test_an_instance_that_is_none_is_refused(operator: httpx2.AsyncClient) -> None:
    answer = await operator.get("/v1/me/links/github")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_the_operator_needs_no_link_and_gets_none(operator: httpx2.AsyncClient) -> None:
    answer = await operator.put(PLACE, json={"token": AOKI})
    assert (answer.status_code, answer.json()["code"]) == (422, "link_needs_key")


async def test_a_token_stays_out_of_answers_log_and_database(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await world.key("read")
    async with world.client(made.key) as client:
        answers = [
            await client.put(PLACE, json={"token": SATO}),
            await client.get(PLACE),
            await client.get("/v1/projects"),
            await client.put(PLACE, json={"token": f"{SATO}-wrong"}),
        ]
    told = "".join(answer.text + str(answer.headers) for answer in answers)
    assert SATO not in told + caplog.text + await _dump(world)


async def _dump(world: World) -> str:
    """Return all that the database holds, bytes and all."""
    async with world.resources.records.database.read() as session:
        tables = await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
        rows = [
            (await session.execute(text(f'SELECT * FROM "{table}"'))).all()  # noqa: S608 - our own names
            for table in tables.all()
        ]
    assert "u2sat" in str(rows)
    return str(rows)
