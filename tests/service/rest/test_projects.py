"""Projects over REST: listed, added, removed, and their files."""

from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx2
import pytest

from service.keys import EVERY_PROJECT
from tests.service.rest.world import World, index


def _new_folder(world: World) -> Path:
    folder = world.root / uuid4().hex
    folder.mkdir()
    return folder


async def test_projects_are_listed_with_the_state_of_their_index(
    operator: httpx2.AsyncClient,
) -> None:
    listed = {
        each["project_id"]: each for each in (await operator.get("/v1/projects")).json()["projects"]
    }
    assert listed["alloy"]["files"] == 2
    assert listed["alloy"]["failed"] == 1
    assert listed["alloy"]["passages"] >= 1
    assert listed["veda"]["failed"] == 0


async def test_a_folder_becomes_a_project_and_can_be_forgotten(
    world: World, operator: httpx2.AsyncClient
) -> None:
    folder = _new_folder(world)
    added = await operator.post("/v1/projects", json={"path": str(folder), "title": "新しい合金"})
    assert added.status_code == 201
    assert added.json()["project_id"] == folder.name
    assert added.json()["title"] == "新しい合金"
    removed = await operator.delete(f"/v1/projects/{folder.name}")
    assert (removed.status_code, removed.content) == (204, b"")
    again = await operator.delete(f"/v1/projects/{folder.name}")
    assert (again.status_code, again.json()["code"]) == (404, "project_unknown")
    assert folder.is_dir()


async def test_a_project_that_is_forgotten_is_not_found_any_more(
    world: World, operator: httpx2.AsyncClient
) -> None:
    folder = _new_folder(world)
    (folder / "note.txt").write_text("the unobtainium sample cracked", encoding="utf-8")
    await operator.post("/v1/projects", json={"path": str(folder)})
    await index(world.resources, folder.name)
    before = await _paths_found(operator, "unobtainium")
    await operator.delete(f"/v1/projects/{folder.name}")
    after = await _paths_found(operator, "unobtainium")
    assert ("note.txt" in before, "note.txt" in after) == (True, False)


async def _paths_found(client: httpx2.AsyncClient, query: str) -> list[str]:
    found = await client.post("/v1/search", json={"query": query, "limit": 100})
    return [hit["path"] for hit in found.json()["hits"]]


@pytest.mark.parametrize(
    "body",
    [
        {"path": "/data", "project_id": "../x"},
        {"path": "/data\u0000"},
        {"path": "/data", "title": "two\nlines"},
        {"path": "/data", "title": ""},
        {"path": "/data", "project_id": "é"},
        {},
    ],
)
async def test_what_cannot_be_a_project_is_refused(
    operator: httpx2.AsyncClient, body: dict[str, str]
) -> None:
    assert (await operator.post("/v1/projects", json=body)).status_code == 422


async def test_an_admin_key_may_add_only_below_the_allowed_folders(world: World) -> None:
    made = await world.key("admin", projects=[EVERY_PROJECT])
    folder = _new_folder(world)
    async with world.client(made.key) as client:
        inside = await client.post("/v1/projects", json={"path": str(folder)})
        outside = await client.post("/v1/projects", json={"path": "/etc"})
        nowhere = await client.post("/v1/projects", json={"path": "/no/such/folder"})
        await client.delete(f"/v1/projects/{folder.name}")
    assert inside.status_code == 201
    assert (outside.status_code, outside.json()["code"]) == (403, "folder_refused")
    assert outside.json() == nowhere.json()


async def test_a_key_that_sees_some_projects_cannot_add_one(world: World) -> None:
    made = await world.key("admin", projects=["veda"])
    async with world.client(made.key) as client:
        answer = await client.post("/v1/projects", json={"path": str(world.root / "alloy")})
    assert (answer.status_code, answer.json()["code"]) == (403, "grant_missing")


async def test_files_say_why_they_could_not_be_indexed(operator: httpx2.AsyncClient) -> None:
    page = (await operator.get("/v1/projects/alloy/files")).json()
    states = [(each["path"], each["status"], each["passages"] > 0) for each in page["files"]]
    assert states == [("broken.pdf", "failed", False), ("熱処理.md", "indexed", True)]
    assert page["files"][0]["failure_code"]
    assert page["files"][0]["failure_message"]
    assert page["next_cursor"] is None


async def test_files_come_page_by_page(operator: httpx2.AsyncClient) -> None:
    first = (await operator.get("/v1/projects/alloy/files?limit=1")).json()
    cursor = quote(first["next_cursor"])
    second = (await operator.get(f"/v1/projects/alloy/files?limit=1&cursor={cursor}")).json()
    assert [each["path"] for page in (first, second) for each in page["files"]] == [
        "broken.pdf",
        "熱処理.md",
    ]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    "cursor", ["x", "bm8=", "WyJhIl0=", "WzEsMl0=", "%00", "あ", "W1tb" * 2000]
)
async def test_a_made_up_cursor_is_refused(operator: httpx2.AsyncClient, cursor: str) -> None:
    answer = await operator.get("/v1/projects/alloy/files", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["message"] == "cursor: not one that this service gave"
