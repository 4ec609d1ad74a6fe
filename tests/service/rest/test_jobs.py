"""Syncs over REST: begun, polled, followed, stopped."""

import httpx2
import pytest

from service.rest.app import create_app
from tests.servers.asgi import serving
from tests.servers.rdm_faults import Fault, Stall
from tests.service.rest.world import LOCAL_TOKEN, World, events_in, index


async def test_a_sync_is_a_job_that_can_be_polled(operator: httpx2.AsyncClient) -> None:
    begun = await operator.post("/v1/sources/veda/sync")
    assert begun.status_code == 202
    place = begun.headers["location"]
    assert place == f"/v1/jobs/{begun.json()['job_id']}"
    await operator.get(f"{place}/events")
    ended = (await operator.get(place)).json()
    assert (ended["status"], ended["error"]) == ("done", None)
    assert ended["report"]["unchanged"] == 1


async def test_a_job_can_be_followed_to_its_end(operator: httpx2.AsyncClient) -> None:
    begun = (await operator.post("/v1/sources/veda/sync")).json()
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
    await operator.post("/v1/sources", json={"location": str(folder)})
    folder.rmdir()
    begun = (await operator.post("/v1/sources/soon-gone/sync")).json()
    name, job = events_in((await operator.get(f"/v1/jobs/{begun['job_id']}/events")).text)[-1]
    await operator.delete("/v1/sources/soon-gone")
    assert (name, job["status"], job["error"]["code"]) == ("failed", "failed", "source_missing")


async def test_a_projects_jobs_are_listed_newest_first(operator: httpx2.AsyncClient) -> None:
    begun = (await operator.post("/v1/sources/veda/sync")).json()
    await operator.get(f"/v1/jobs/{begun['job_id']}/events")
    listed = (await operator.get("/v1/projects/veda/jobs?limit=2")).json()["jobs"]
    assert listed[0]["job_id"] == begun["job_id"]
    assert len(listed) == 2


async def test_a_job_that_has_ended_stays_as_it_ended_when_it_is_stopped(
    operator: httpx2.AsyncClient,
) -> None:
    begun = (await operator.post("/v1/sources/veda/sync")).json()
    await operator.get(f"/v1/jobs/{begun['job_id']}/events")
    stopped = await operator.post(f"/v1/jobs/{begun['job_id']}/cancel")
    assert (stopped.status_code, stopped.json()["status"]) == (202, "done")


async def test_a_job_that_runs_can_be_stopped(world: World, operator: httpx2.AsyncClient) -> None:
    world.rdm.faults.add(Fault(Stall(), host="api", times=None))
    begun = (await operator.post("/v1/sources/rdm-top01/sync")).json()
    stopped = await operator.post(f"/v1/jobs/{begun['job_id']}/cancel")
    followed = await operator.get(f"/v1/jobs/{begun['job_id']}/events")
    world.rdm.faults.clear()
    await index(world.resources, "rdm-top01")
    assert stopped.status_code == 202
    name, job = events_in(followed.text)[-1]
    assert (name, job["status"]) == ("cancelled", "cancelled")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/jobs/none"), ("GET", "/v1/jobs/none/events"), ("POST", "/v1/jobs/none/cancel")],
)
async def test_an_unknown_job_is_told_at_once(
    operator: httpx2.AsyncClient, method: str, path: str
) -> None:
    answer = await operator.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, "job_unknown")


async def test_events_come_over_a_real_connection(world: World) -> None:
    app = create_app(world.resources, local_token=LOCAL_TOKEN)
    headers = {"authorization": f"Bearer {LOCAL_TOKEN}"}
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, headers=headers) as client:
        begun = (await client.post("/v1/sources/veda/sync")).json()
        async with client.stream("GET", f"/v1/jobs/{begun['job_id']}/events") as response:
            names = [event.event async for event in httpx2.EventSource(response)]
    assert names[-1] == "done"
