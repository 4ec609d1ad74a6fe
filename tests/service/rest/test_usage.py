"""A month's usage over REST: one's own, or with the scope `admin` everybody's."""

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


async def test_a_table_for_spreadsheets_is_given(operator: httpx2.AsyncClient, person: str) -> None:
    asked = {**NOVEMBER, "person": person, "group_by": "day", "format": "csv"}
    answer = await operator.get("/v1/usage", params=asked)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.splitlines()[1].startswith("2026-11-25,2,0,20,8,10,")


@pytest.mark.parametrize("asked", [{}, {"month": "2026-13"}, {**NOVEMBER, "colour": "red"}])
async def test_what_cannot_be_summed_is_told(
    operator: httpx2.AsyncClient, asked: dict[str, str]
) -> None:
    assert (await operator.get("/v1/usage", params=asked)).status_code == 422
