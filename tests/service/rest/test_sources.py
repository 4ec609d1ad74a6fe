"""Sources over REST: listed, added, looked at, removed."""

from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from tests.service.rest.world import AOKI, SATO, World, index


def _new_folder(world: World) -> Path:
    folder = world.root / uuid4().hex
    folder.mkdir()
    return folder


async def test_sources_are_listed_to_who_may_read_them_by_title(world: World) -> None:
    made = await world.linked_key(SATO)
    async with world.client(made.key) as client:
        listed = (await client.get("/v1/sources")).json()["sources"]
    shown = [(each["source_id"], each["kind"], each["location"]) for each in listed]
    assert shown == [
        ("alloy", "folder", str(world.root / "alloy")),
        ("veda", "folder", str(world.root / "veda")),
        ("rdm-top01", "rdm", "rdm:top01"),
    ]


async def test_the_status_of_a_source_tells_of_all_its_projects(world: World) -> None:
    made = await world.linked_key(AOKI)
    async with world.client(made.key) as client:
        status = (await client.get("/v1/sources/rdm-top01")).json()
    assert status["source"]["title"] == "鋼の疲労"
    assert status["source"]["link"] == f"{world.rdm.web_url}top01/"
    assert [each["project_id"] for each in status["projects"]] == ["rdm-top01", "rdm-part1"]
    assert all(each["passages"] for each in status["projects"])
    assert status["last_job"]["status"] == "done"
    assert status["requests_today"] > 0


async def test_a_component_is_no_source(world: World) -> None:
    made = await world.linked_key(AOKI)
    async with world.client(made.key) as client:
        answers = [
            await client.get("/v1/sources/rdm-part1"),
            await client.post("/v1/sources/rdm-part1/sync"),
            await client.delete("/v1/sources/rdm-part1"),
        ]
    assert [answer.status_code for answer in answers] == [404] * 3


async def test_a_folder_becomes_a_source_and_can_be_forgotten(
    world: World, operator: httpx2.AsyncClient
) -> None:
    folder = _new_folder(world)
    asked = {"location": str(folder), "title": "新しい合金", "sync_every_s": 3600}
    added = await operator.post("/v1/sources", json=asked)
    assert added.status_code == 201
    assert added.json() == {
        "source_id": folder.name,
        "kind": "folder",
        "location": str(folder),
    }
    status = (await operator.get(f"/v1/sources/{folder.name}")).json()
    assert (status["source"]["title"], status["source"]["sync_every_s"]) == ("新しい合金", 3600)
    removed = await operator.delete(f"/v1/sources/{folder.name}")
    assert (removed.status_code, removed.content) == (204, b"")
    again = await operator.delete(f"/v1/sources/{folder.name}")
    assert (again.status_code, again.json()["code"]) == (404, "project_unknown")
    assert folder.is_dir()


async def test_a_source_that_is_forgotten_is_not_found_any_more(
    world: World, operator: httpx2.AsyncClient
) -> None:
    folder = _new_folder(world)
    (folder / "note.txt").write_text("the unobtainium sample cracked", encoding="utf-8")
    await operator.post("/v1/sources", json={"location": str(folder)})
    await index(world.resources, folder.name)
    before = await _paths_found(operator, "unobtainium")
    await operator.delete(f"/v1/sources/{folder.name}")
    after = await _paths_found(operator, "unobtainium")
    assert ("note.txt" in before, "note.txt" in after) == (True, False)


async def _paths_found(client: httpx2.AsyncClient, query: str) -> list[str]:
    found = await client.post("/v1/search", json={"query": query, "limit": 100})
    return [hit["path"] for hit in found.json()["hits"]]


async def test_a_project_of_rdm_becomes_a_source_with_a_token_of_its_own(world: World) -> None:
    world.rdm.world.add_node("new01", title="極秘の題")
    world.rdm.world.grant("u2sat", "new01", "admin")
    admin = await world.key("admin", "index")
    asked = {"location": "rdm:new01", "token": SATO}
    async with world.client(admin.key) as client:
        added = await client.post("/v1/sources", json=asked)
        unseen = await client.get("/v1/sources/rdm-new01")
    reader = await world.linked_key(SATO)
    async with world.client(reader.key) as client:
        seen = await client.get("/v1/sources/rdm-new01")
        removed = await client.delete("/v1/sources/rdm-new01")
    assert (added.status_code, seen.status_code, removed.status_code) == (201, 200, 204)
    assert SATO not in added.text + seen.text
    assert "極秘" not in added.text, "who adds a source need not be one who reads it"
    assert unseen.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"location": "/data", "project_id": "../x"},
        {"location": "/data\u0000"},
        {"location": "/data", "title": "two\nlines"},
        {"location": "/data", "title": ""},
        {"location": "/data", "project_id": "é"},
        {"location": "rdm:../x"},
        {"location": "rdm:abc12", "token": "two words"},
        {"location": "rdm:abc12", "token": "x" * 513},
        {"location": "/data", "sync_every_s": 1},
        {},
    ],
)
async def test_what_cannot_be_a_source_is_refused(
    operator: httpx2.AsyncClient, body: dict[str, str]
) -> None:
    answer = await operator.post("/v1/sources", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert str(body.get("token")) not in answer.text


async def test_an_admin_key_may_add_only_below_the_allowed_folders(world: World) -> None:
    made = await world.key("admin")
    folder = _new_folder(world)
    async with world.client(made.key) as client:
        inside = await client.post("/v1/sources", json={"location": str(folder)})
        outside = await client.post("/v1/sources", json={"location": "/etc"})
        nowhere = await client.post("/v1/sources", json={"location": "/no/such/folder"})
        await client.delete(f"/v1/sources/{folder.name}")
    assert inside.status_code == 201
    assert (outside.status_code, outside.json()["code"]) == (403, "folder_refused")
    assert outside.json() == nowhere.json()


async def test_a_key_that_sees_some_projects_cannot_add_a_source(world: World) -> None:
    made = await world.key("admin", projects=["veda"])
    async with world.client(made.key) as client:
        answer = await client.post("/v1/sources", json={"location": str(world.root / "alloy")})
    assert (answer.status_code, answer.json()["code"]) == (403, "grant_missing")
