"""Indexing over REST: begun, polled, followed."""

import httpx2
import pytest

from service.rest.app import create_app
from tests.service.rest.world import LOCAL_TOKEN, World, events_in, serving


async def test_indexing_is_a_job_that_can_be_polled(operator: httpx2.AsyncClient) -> None:
    begun = await operator.post("/v1/projects/veda/index")
    assert begun.status_code == 202
    place = begun.headers["location"]
    assert place == f"/v1/jobs/{begun.json()['job_id']}"
    await operator.get(f"{place}/events")
    ended = (await operator.get(place)).json()
    assert (ended["status"], ended["error"]) == ("done", None)
    assert ended["report"]["unchanged"] == 1


async def test_a_job_can_be_followed_to_its_end(operator: httpx2.AsyncClient) -> None:
    begun = (await operator.post("/v1/projects/veda/index")).json()
    answer = await operator.get(f"/v1/jobs/{begun['job_id']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = events_in(answer.text)
    assert [name for name, _ in events][-1] == "done"
    assert {name for name, _ in events[:-1]} <= {"progress"}
    assert events[-1][1] == (await operator.get(f"/v1/jobs/{begun['job_id']}")).json()


async def test_a_job_that_fails_says_so_in_its_last_event(
    world: World, operator: httpx2.AsyncClient
) -> None:
    folder = world.root / "soon-gone"
    folder.mkdir()
    await operator.post("/v1/projects", json={"path": str(folder)})
    folder.rmdir()
    begun = (await operator.post("/v1/projects/soon-gone/index")).json()
    name, job = events_in((await operator.get(f"/v1/jobs/{begun['job_id']}/events")).text)[-1]
    await operator.delete("/v1/projects/soon-gone")
    assert (name, job["status"], job["error"]["code"]) == ("failed", "failed", "source_missing")


async def test_a_projects_jobs_are_listed_newest_first(operator: httpx2.AsyncClient) -> None:
    begun = (await operator.post("/v1/projects/veda/index")).json()
    await operator.get(f"/v1/jobs/{begun['job_id']}/events")
    listed = (await operator.get("/v1/projects/veda/jobs?limit=2")).json()["jobs"]
    assert listed[0]["job_id"] == begun["job_id"]
    assert len(listed) == 2


@pytest.mark.parametrize("path", ["/v1/jobs/none", "/v1/jobs/none/events"])
async def test_an_unknown_job_is_told_at_once(operator: httpx2.AsyncClient, path: str) -> None:
    answer = await operator.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "job_unknown")


async def test_events_come_over_a_real_connection(world: World) -> None:
    app = create_app(world.resources, local_token=LOCAL_TOKEN)
    headers = {"authorization": f"Bearer {LOCAL_TOKEN}"}
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, headers=headers) as client:
        begun = (await client.post("/v1/projects/veda/index")).json()
        async with client.stream("GET", f"/v1/jobs/{begun['job_id']}/events") as response:
            names = [event.event async for event in httpx2.EventSource(response)]
    assert names[-1] == "done"
