"""Two keys with different grants: neither learns what the other sees."""

from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest

from tests.service.rest.world import LOCAL_TOKEN, World, index

BY_PROJECT = [
    ("GET", "/v1/projects/{}/files"),
    ("GET", "/v1/projects/{}/jobs"),
    ("POST", "/v1/projects/{}/index"),
    ("DELETE", "/v1/projects/{}"),
]


@dataclass(frozen=True, slots=True)
class _Told:
    """What an answer tells, the id that was asked for blanked out."""

    status: int
    body: str


async def _ask(client: httpx2.AsyncClient, method: str, path: str, asked: str) -> _Told:
    answer = await client.request(method, path.format(asked))
    return _Told(answer.status_code, answer.text.replace(asked, "ID"))


async def _client(world: World, *projects: str) -> httpx2.AsyncClient:
    return world.client((await world.key(projects=projects)).key)


async def test_each_lists_its_own_projects(world: World) -> None:
    for granted in (["alloy"], ["veda"], ["alloy", "veda"], []):
        async with await _client(world, *granted) as client:
            listed = (await client.get("/v1/projects")).json()["projects"]
        assert [each["project_id"] for each in listed] == granted


async def test_each_finds_its_own_passages(world: World) -> None:
    for granted in (["alloy"], ["veda"], []):
        async with await _client(world, *granted) as client:
            found = await client.post("/v1/search", json={"query": "AZ91 hymn", "limit": 100})
            answer = await client.post("/v1/answers", json={"question": "AZ91 hymn"})
        for hits in (found.json()["hits"], answer.json()["hits"]):
            assert {hit["project_id"] for hit in hits} == set(granted)


@pytest.mark.parametrize(("method", "path"), BY_PROJECT)
async def test_a_project_of_others_looks_like_none(world: World, method: str, path: str) -> None:
    async with await _client(world, "veda") as client:
        hidden = await _ask(client, method, path, "alloy")
        absent = await _ask(client, method, path, "nowhere")
    assert hidden == absent
    assert hidden.status == 404


@pytest.mark.parametrize("field", ["query", "question"])
async def test_asking_in_a_project_of_others_looks_like_none(world: World, field: str) -> None:
    path = {"query": "/v1/search", "question": "/v1/answers"}[field]
    async with await _client(world, "veda") as client:
        told = [
            (answer.status_code, answer.text.replace(project, "ID"))
            for project in ("alloy", "nowhere")
            for answer in [await client.post(path, json={field: "a", "projects": [project]})]
        ]
    assert told[0] == told[1]
    assert told[0][0] == 404


@pytest.mark.parametrize("path", ["/v1/jobs/{}", "/v1/jobs/{}/events"])
async def test_a_job_of_others_looks_like_none(world: World, path: str) -> None:
    job_id = await index(world.resources, "alloy")
    async with await _client(world, "veda") as client:
        hidden = await _ask(client, "GET", path, job_id)
        absent = await _ask(client, "GET", path, str(uuid4()))
    assert hidden == absent
    assert hidden.status == 404


async def test_a_passage_of_others_looks_like_none(world: World) -> None:
    async with world.client(LOCAL_TOKEN) as operator:
        asked = {"query": "溶体化処理", "projects": ["alloy"]}
        hit = (await operator.post("/v1/search", json=asked)).json()["hits"][0]
    async with await _client(world, "veda") as client:
        hidden = await _ask(client, "GET", "/v1/passages/{}", hit["passage_id"])
        absent = await _ask(client, "GET", "/v1/passages/{}", str(uuid4()))
    assert hidden == absent
    assert hidden.status == 404


async def test_a_key_that_only_indexes_can_follow_its_job(world: World) -> None:
    made = await world.key("index", projects=["veda"])
    async with world.client(made.key) as client:
        begun = await client.post("/v1/projects/veda/index")
        followed = await client.get(f"{begun.headers['location']}/events")
        assert (followed.status_code, "event: done" in followed.text) == (200, True)
        assert (await client.get("/v1/projects/veda/files")).status_code == 403
