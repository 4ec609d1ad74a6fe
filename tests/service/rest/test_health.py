"""Health for load balancers, numbers for Prometheus."""

import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import run

import httpx2
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from service.rest.app import create_app
from tests.service.rest.world import World, client_of, open_world


async def test_a_service_that_works_is_ready(operator: httpx2.AsyncClient) -> None:
    answer = await operator.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"database": "ok", "store": "ok"}}


async def test_a_service_without_its_database_is_alive_and_not_ready(tmp_path: Path) -> None:
    async with open_world(tmp_path) as world, client_of(world.app, None) as client:
        async with world.resources.records.database.connect() as connection:
            await connection.execute(text("ALTER TABLE projects RENAME TO away"))
        alive, ready = await client.get("/healthz"), await client.get("/readyz")
        async with world.resources.records.database.connect() as connection:
            await connection.execute(text("ALTER TABLE away RENAME TO projects"))
    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["checks"]["store"]) == (503, "ok")
    assert ready.json()["checks"]["database"].startswith("The database did not answer")
    assert str(tmp_path) not in ready.text


def _numbers(body: str) -> Mapping[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("route", sample.labels.get("status", ""))): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


async def test_metrics_count_requests_by_route_and_jobs_by_status(world: World) -> None:
    app = create_app(world.resources, local_token="t")
    async with client_of(app, "t") as client:
        for project in ("alloy", "veda", "nowhere"):
            await client.get(f"/v1/projects/{project}/files")
        await client.request("BREW", "/tea")
        answer = await client.get("/metrics")
    numbers = _numbers(answer.text)
    assert numbers["fumikura_request_seconds_count", "/v1/projects/{project_id}/files"] == 3
    assert numbers["fumikura_request_seconds_count", "unknown"] == 1
    assert numbers["fumikura_jobs", "done"] >= 2
    assert "tea" not in answer.text
    assert "BREW" not in answer.text


def test_importing_rest_loads_no_engine() -> None:
    heavy = (
        "torch",
        "langgraph",
        "langsmith",
        "qdrant_client",
        "qdrant_edge",
        "kreuzberg",
        "numpy",
    )
    program = f"import sys, service.rest.app; print([m for m in {heavy} if m in sys.modules])"
    child = run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == "[]"
