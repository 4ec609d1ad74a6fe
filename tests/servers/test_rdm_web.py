"""The stand-in's web host tells what RDM's metadata add-on knows, where it is enabled."""

from typing import Any

import pytest

from tests.servers.conftest import Caller
from tests.servers.rdm_world import RdmWorld

TITLE: dict[str, Any] = {"grdm-file:title-ja": {"value": "疲労試験の生データ"}}
ITEM: dict[str, Any] = {"active": True, "schema": "s1", "data": TITLE}


@pytest.fixture
def described(world: RdmWorld) -> RdmWorld:
    files = [{"path": "osfstorage/実験/", "folder": True, "items": [ITEM]}]
    world.set_metadata("abc12", files=files, funder="JST")
    return world


async def _metadata(caller: Caller, path: str) -> Any:  # noqa: ANN401 - JSON as it came
    answer = await caller.get("web", f"api/v1/project/abc12/metadata/{path}")
    return answer.json()["data"]["attributes"]


@pytest.mark.usefixtures("described")
async def test_a_projects_metadata_has_that_of_its_files(caller: Caller) -> None:
    told = await _metadata(caller, "project")
    assert (told["editable"], told["funder"], told["repositories"]) == (True, "JST", [])
    assert [(file["path"], file["items"]) for file in told["files"]] == [
        ("osfstorage/実験/", [ITEM])
    ]


@pytest.mark.usefixtures("described")
async def test_a_file_inherits_the_metadata_of_its_folder(caller: Caller) -> None:
    told = await _metadata(caller, "files/osfstorage/実験/メモ.txt")
    assert (told["generated"], told["items"]) == (True, [ITEM])
    assert await _metadata(caller, "files/osfstorage/別.txt") is None


async def test_a_project_without_the_add_on_is_a_bad_request(caller: Caller) -> None:
    answer = await caller.get("web", "api/v1/project/abc12/metadata/project")
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


async def test_an_unknown_page_is_not_found(caller: Caller) -> None:
    assert (await caller.get("web", "api/v1/project/abc12/metadata/none")).status_code == 400
    assert (await caller.get("web", "abc12/")).status_code == 404
