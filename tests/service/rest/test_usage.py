"""A month's usage over REST: one's own, or with the scope `admin` everybody's."""

import csv
import io
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from service.keys import KeyOrder
from service.usage.journal import Journal
from service.usage.moving import moved
from tests.service.rest.world import World, client_of
from tests.service.usage.records import call

NOVEMBER = {"month": "2026-11"}
RECORDS = "/v1/usage/records"


@pytest.fixture
async def person(world: World, tmp_path: Path) -> str:
    """Somebody who made two calls in November."""
    name = f"person-{uuid4().hex}"
    async with moved(Journal(tmp_path), world.resources.records.database) as mover:
        for _ in range(2):
            mover.journal.append(call(principal_id=name))
    return name


async def client_for(world: World, person: str) -> httpx2.AsyncClient:
    order = KeyOrder(name="own", principal_id=person, scopes=frozenset({"models"}), projects=["*"])
    made = await world.resources.records.keys.create(order)
    return client_of(world.app, made.key)


async def test_a_person_sees_own_calls(world: World, person: str) -> None:
    async with await client_for(world, person) as client:
        [row] = (await client.get("/v1/usage", params=NOVEMBER)).json()["usage"]
    assert (row["group"], row["calls"], row["prompt_tokens"]) == ("gpt-oss-20b", 2, 20)


async def test_a_person_does_not_see_those_of_others(world: World, person: str) -> None:
    async with await client_for(world, "somebody-else") as client:
        assert (await client.get("/v1/usage", params=NOVEMBER)).json()["usage"] == []
        for others in ({"person": person}, {"everybody": "true"}):
            refused = await client.get("/v1/usage", params={**NOVEMBER, **others})
            assert refused.status_code == 403


async def test_an_operator_sees_everybodys(operator: httpx2.AsyncClient, person: str) -> None:
    asked = {**NOVEMBER, "everybody": "true", "group_by": "person"}
    rows = (await operator.get("/v1/usage", params=asked)).json()["usage"]
    assert person in {row["group"] for row in rows}
    one = await operator.get("/v1/usage", params={**NOVEMBER, "person": person})
    assert [row["calls"] for row in one.json()["usage"]] == [2]


@pytest.mark.parametrize(
    ("way", "accept"),
    [({"format": "csv"}, "*/*"), ({}, "text/csv; q=1, */*"), ({"format": "csv"}, "text/html")],
)
async def test_a_table_for_spreadsheets_is_given(
    operator: httpx2.AsyncClient, person: str, way: dict[str, str], accept: str
) -> None:
    asked = {**NOVEMBER, "person": person, "group_by": "day", **way}
    answer = await operator.get("/v1/usage", params=asked, headers={"accept": accept})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.text.splitlines()[1].startswith("2026-11-25,2,0,20,8,10,")


async def test_json_is_given_to_who_asks_for_it_by_name(
    operator: httpx2.AsyncClient, person: str
) -> None:
    asked = {**NOVEMBER, "person": person, "format": "json"}
    answer = await operator.get("/v1/usage", params=asked, headers={"accept": "text/csv"})
    assert answer.json()["since"] == "2026-10-31T15:00:00Z"


async def test_days_are_summed_from_the_first_to_the_last_one(
    operator: httpx2.AsyncClient, person: str
) -> None:
    for first, last, calls in (
        ("2026-11-25", "2026-11-25", [2]),
        ("2026-11-26", "2026-11-30", []),
        ("2026-10-01", "2026-11-24", []),
    ):
        asked = {"from": first, "to": last, "person": person}
        rows = (await operator.get("/v1/usage", params=asked)).json()["usage"]
        assert [row["calls"] for row in rows] == calls


async def test_calls_are_listed_page_by_page(world: World, person: str) -> None:
    async with await client_for(world, person) as client:
        first = (await client.get(RECORDS, params={**NOVEMBER, "limit": "1"})).json()
        more = {**NOVEMBER, "limit": "1", "cursor": first["next_cursor"]}
        second = (await client.get(RECORDS, params=more)).json()
    assert second["next_cursor"] is None
    told = [*first["calls"], *second["calls"]]
    assert [(each["person"], each["completion_tokens"]) for each in told] == [(person, 5)] * 2
    assert told[0]["id"] != told[1]["id"]


async def test_calls_are_listed_for_spreadsheets(world: World, person: str) -> None:
    async with await client_for(world, person) as client:
        asked = {**NOVEMBER, "limit": "1", "format": "csv"}
        first = await client.get(RECORDS, params=asked)
        last = await client.get(RECORDS, params={**asked, "cursor": first.headers["x-next-cursor"]})
    for page in (first, last):
        [row] = csv.DictReader(io.StringIO(page.text))
        assert (row["person"], row["yen"]) == (person, "0.0006")
    assert "x-next-cursor" not in last.headers


async def test_a_cursor_gives_no_right_to_the_calls_of_others(world: World, person: str) -> None:
    async with await client_for(world, person) as client:
        page = (await client.get(RECORDS, params={**NOVEMBER, "limit": "1"})).json()
    async with await client_for(world, "somebody-else") as client:
        asked = {**NOVEMBER, "cursor": page["next_cursor"]}
        assert (await client.get(RECORDS, params=asked)).json()["calls"] == []


async def test_others_with_calls_look_like_others_without(world: World, person: str) -> None:
    absent = f"person-{uuid4().hex}"
    async with await client_for(world, "somebody-else") as client:
        for path in ("/v1/usage", RECORDS):
            told = [
                await client.get(path, params={**NOVEMBER, "person": each})
                for each in (person, absent)
            ]
            assert told[0].status_code == told[1].status_code == 403
            assert told[0].content == told[1].content


@pytest.mark.parametrize("path", ["/v1/usage", "/v1/usage/records"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"month": "2026-13"},
        {"from": "2026-11-01"},
        {"from": "2026-11-02", "to": "2026-11-01"},
        {"from": "0001-01-01", "to": "2026-11-01"},
        {**NOVEMBER, "from": "2026-11-01", "to": "2026-11-02"},
        {**NOVEMBER, "colour": "red"},
        {**NOVEMBER, "person": "a\0"},
    ],
)
async def test_what_cannot_be_told_is_said(
    operator: httpx2.AsyncClient, path: str, asked: dict[str, str]
) -> None:
    assert (await operator.get(path, params=asked)).status_code == 422


async def test_a_cursor_that_is_none_is_told(operator: httpx2.AsyncClient) -> None:
    answer = await operator.get(RECORDS, params={**NOVEMBER, "cursor": "WyIyMDI2Il0="})
    assert (answer.status_code, "cursor" in answer.json()["message"]) == (422, True)
