"""What a caller may not see looks like what is not there: status, body and headers."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest

from service.policy import POLICIES
from tests.servers.rdm_faults import Fault, Refuse
from tests.service.rest.world import AOKI, LOCAL_TOKEN, SATO, TANAKA, World

BY_ID = [
    route
    for route in POLICIES
    if "_id}" in route[1] and not {"key_id", "principal_id"} & set(re.findall(r"\w+", route[1]))
]
"""`test_keys` covers those of keys."""
IN_BODY = [("/v1/search", "query"), ("/v1/answers", "question")]
HIDDEN = {"folder": "alloy", "node": "rdm-top01"}
each_hidden = pytest.mark.parametrize("hidden", HIDDEN)


@dataclass(frozen=True, slots=True)
class _Told:
    """What an answer tells, the id that was asked for blanked out."""

    status: int
    body: str
    headers: Mapping[str, str]


def _told(answer: httpx2.Response, asked: str) -> _Told:
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return _Told(answer.status_code, answer.text.replace(asked, "ID"), headers)


async def _ask(client: httpx2.AsyncClient, method: str, path: str, asked: str) -> _Told:
    place, _, rest = path.partition("{")
    return _told(await client.request(method, place + asked + rest.partition("}")[2]), asked)


@asynccontextmanager
async def _stranger(world: World) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client that sees `veda` alone: it was granted no more folders, and RDM shows it nothing."""
    made = await world.linked_key(TANAKA, projects=["veda", "rdm-top01"])
    async with world.client(made.key) as client:
        yield client


async def _hidden_id(world: World, path: str, project: str) -> str:
    """Return an id of what the route is about, in a project that strangers may not see."""
    if "job_id" in path:
        return (await world.resources.jobs.latest(project, limit=1))[0].job_id
    if "passage_id" in path:
        asked = {"query": "疲労 溶体化処理", "projects": [project]}
        async with world.client(LOCAL_TOKEN) as operator:
            found = await operator.post("/v1/search", json=asked)
        return str(found.json()["hits"][0]["passage_id"])
    return project


def _absent_id(hidden: str) -> str:
    """Return an id of the same form and length that nothing has."""
    return f"{hidden[:-1]}z" if hidden in HIDDEN.values() else str(uuid4())


def test_there_are_routes_to_walk() -> None:
    assert {"project_id", "source_id", "job_id", "passage_id"} <= {
        path.partition("{")[2].partition("}")[0] for _, path in BY_ID
    }


@each_hidden
@pytest.mark.parametrize(("method", "path"), BY_ID)
async def test_what_is_hidden_looks_like_what_is_not_there(
    world: World, method: str, path: str, hidden: str
) -> None:
    hidden_id = await _hidden_id(world, path, HIDDEN[hidden])
    async with _stranger(world) as client:
        told = [
            await _ask(client, method, path, each) for each in (hidden_id, _absent_id(hidden_id))
        ]
    assert told[0] == told[1]
    assert told[0].status == 404


@each_hidden
@pytest.mark.parametrize(("path", "field"), IN_BODY)
async def test_asking_in_what_is_hidden_looks_like_asking_in_nothing(
    world: World, path: str, field: str, hidden: str
) -> None:
    project = HIDDEN[hidden]
    async with _stranger(world) as client:
        told = [
            _told(await client.post(path, json={field: "a", "projects": ["veda", each]}), each)
            for each in (project, _absent_id(project))
        ]
    assert told[0] == told[1]
    assert told[0].status == 404


@pytest.mark.parametrize(("method", "path"), BY_ID)
async def test_while_rdm_is_away_that_stays_so(world: World, method: str, path: str) -> None:
    hidden_id = await _hidden_id(world, path, "rdm-top01")
    told: list[_Told] = []
    for each in (hidden_id, _absent_id(hidden_id)):
        async with _stranger(world) as client, _rdm_away(world):
            told.append(await _ask(client, method, path, each))
    assert told[0] == told[1]
    assert told[0].status == 503


@asynccontextmanager
async def _rdm_away(world: World) -> AsyncGenerator[None]:
    world.rdm.faults.add(Fault(Refuse(503), host="api", times=None))
    try:
        yield
    finally:
        world.rdm.faults.clear()


async def test_while_rdm_is_away_the_answer_says_so_in_both_languages(world: World) -> None:
    async with _stranger(world) as client, _rdm_away(world):
        answer = await client.post("/v1/search", json={"query": "溶体化処理"})
        folders = await client.post("/v1/search", json={"query": "Agni", "projects": ["veda"]})
    assert (answer.status_code, answer.json()["code"]) == (503, "rdm_unavailable")
    assert "GakuNin RDM" in answer.json()["message_ja"]
    assert [hit["project_id"] for hit in folders.json()["hits"]] == ["veda"]


async def _projects_of(world: World, secret: str) -> dict[str, set[str]]:
    """Return the projects that each kind of answer shows to the holder of a key."""
    async with world.client(secret) as client:
        listed = (await client.get("/v1/projects")).json()["projects"]
        asked = "溶体化処理 hymn 疲労限度 破面"
        found = await client.post("/v1/search", json={"query": asked, "limit": 100})
        answer = await client.post("/v1/answers", json={"question": asked, "limit": 30})
    shown = {"list": listed, "search": found.json()["hits"], "answer": answer.json()["hits"]}
    return {way: {each["project_id"] for each in rows} for way, rows in shown.items()}


@pytest.mark.parametrize(
    ("token", "granted", "seen"),
    [
        (None, ["alloy"], {"alloy"}),
        (None, [], set[str]()),
        (None, ["*"], {"alloy", "veda"}),
        (TANAKA, ["*"], {"alloy", "veda"}),
        (SATO, ["*"], {"alloy", "veda", "rdm-top01"}),
        (AOKI, ["*"], {"alloy", "veda", "rdm-top01", "rdm-part1"}),
        (AOKI, ["rdm-part1", "veda"], {"rdm-part1", "veda"}),
    ],
)
async def test_each_finds_what_the_key_was_granted_and_rdm_shows(
    world: World, token: str | None, granted: list[str], seen: set[str]
) -> None:
    made = (
        await world.key(projects=granted)
        if token is None
        else await world.linked_key(token, projects=granted)
    )
    shown = await _projects_of(world, made.key)
    assert shown["list"] == seen
    assert shown["search"] == shown["answer"] == seen


async def test_a_refused_token_is_told_to_its_owner_with_the_way_out(world: World) -> None:
    world.rdm.world.add_token("u2sat", "soon-refused")
    made = await world.linked_key("soon-refused")
    world.rdm.world.refuse_token("soon-refused")
    async with world.client(made.key) as client:
        answer = await client.get("/v1/projects")
        await client.delete("/v1/me/links/rdm")
        unlinked = await client.get("/v1/projects")
    assert (answer.status_code, answer.json()["code"]) == (403, "rdm_token_refused")
    assert "fumikura links" in answer.json()["hint"]
    assert unlinked.status_code == 200


async def test_who_may_not_read_a_component_is_not_told_what_a_sync_did_there(
    world: World,
) -> None:
    job = (await world.resources.jobs.latest("rdm-top01", limit=1))[0]
    shown: dict[str, tuple[bool, set[str]]] = {}
    for token in (AOKI, SATO):
        made = await world.linked_key(token)
        async with world.client(made.key) as client:
            told = (await client.get(f"/v1/jobs/{job.job_id}")).json()
            status = (await client.get("/v1/sources/rdm-top01")).json()
        projects = {each["project_id"] for each in status["projects"]}
        shown[token] = (told["report"] is not None, projects)
        assert (status["last_job"]["report"] is not None) == shown[token][0]
    assert shown == {
        AOKI: (True, {"rdm-top01", "rdm-part1"}),
        SATO: (False, {"rdm-top01"}),
    }


async def test_a_key_that_only_indexes_can_follow_its_job(world: World) -> None:
    made = await world.key("index", projects=["veda"])
    async with world.client(made.key) as client:
        begun = await client.post("/v1/sources/veda/sync")
        followed = await client.get(f"{begun.headers['location']}/events")
        assert (followed.status_code, "event: done" in followed.text) == (200, True)
        assert (await client.get("/v1/projects/veda/files")).status_code == 403
