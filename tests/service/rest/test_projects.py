"""Projects over REST: listed, and their files."""

from urllib.parse import quote

import httpx2
import pytest


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
