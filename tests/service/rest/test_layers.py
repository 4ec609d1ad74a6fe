"""What surrounds every route: ids and logs, safe headers, known hosts, bounded bodies."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace

import httpx2
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from agents.local_desk import LocalDesk
from contracts.principal import Principal
from rag.models import SearchAnswer, SearchRequest
from service.rest.app import create_app
from service.rest.hosts import allowed_hosts, is_allowed_host
from service.settings import read_settings
from tests.servers.asgi import serving
from tests.service.rest.world import LOCAL_TOKEN, World, client_of

LIMIT = 2**16
BEARER = {"authorization": f"Bearer {LOCAL_TOKEN}"}


def _with_settings(world: World, **changes: object) -> FastAPI:
    settings = world.resources.settings.model_copy(update=changes)
    return create_app(replace(world.resources, settings=settings), local_token=LOCAL_TOKEN)


async def test_every_answer_has_an_id_that_the_log_has_too(
    operator: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="service.rest")
    ids = [(await operator.get(path)).headers["x-request-id"] for path in ("/v1/projects", "/no")]
    assert len(set(ids)) == 2
    assert [record.getMessage().rsplit(maxsplit=2)[0] for record in caplog.records] == [
        f"{ids[0]} GET /v1/projects 200",
        f"{ids[1]} GET unknown 404",
    ]


async def test_a_clients_own_id_is_kept_if_it_is_well_formed(operator: httpx2.AsyncClient) -> None:
    for sent, kept in (("trace-0001-abc", True), ("short", False), ("has spaces in it", False)):
        answer = await operator.get("/healthz", headers={"x-request-id": sent})
        assert (answer.headers["x-request-id"] == sent) == kept


async def test_neither_queries_nor_keys_are_logged(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await world.key("read")
    async with world.client(made.key) as client:
        for path, field in (("/v1/search", "query"), ("/v1/answers", "question")):
            events = {"accept": "text/event-stream"}
            answer = await client.post(path, json={field: "溶体化処理"}, headers=events)
            assert "AZ91" in answer.text
    for told in ("溶体化処理", "AZ91", made.key, made.key[-64:]):
        assert told not in caplog.text


async def test_answers_are_safe_to_show_and_no_other_site_may_read_them(
    operator: httpx2.AsyncClient,
) -> None:
    answer = await operator.get("/healthz", headers={"origin": "https://evil.example"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8642", "", "localhost.evil.example"]
)
async def test_under_another_name_nothing_is_served(
    operator: httpx2.AsyncClient, host: str
) -> None:
    answer = await operator.get("/healthz", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (403, "host_refused")


async def test_the_operators_own_names_are_served(world: World) -> None:
    app = _with_settings(world, allowed_hosts=("fumikura.lab", "proxy.lab:8443"))
    async with client_of(app, None) as client:
        for host, status in (
            ("fumikura.lab", 200),
            ("Fumikura.Lab:443", 200),
            ("proxy.lab:8443", 200),
            ("proxy.lab:1", 403),
        ):
            answer = await client.get("/healthz", headers={"host": host})
            assert (host, answer.status_code) == (host, status)


def test_an_ipv6_address_is_a_host_in_brackets() -> None:
    hosts = allowed_hosts(read_settings(host="fd00::1"))
    assert is_allowed_host("[fd00::1]:8642", hosts)
    assert is_allowed_host("[::1]", hosts)
    assert not is_allowed_host("fd00::1", hosts)


@given(st.text(alphabet="abc.:[]0189", max_size=12))
def test_a_host_is_served_under_its_exact_name_alone(host: str) -> None:
    name = host.partition(":")[0]
    assert is_allowed_host(host, {"a.b"}) == (
        name == "a.b" and (host == name or host.removeprefix("a.b:").isdecimal())
    )


async def _pieces(total: int) -> AsyncGenerator[bytes]:
    yield b'{"query": "'
    for _ in range(total // 1024):
        yield b"a" * 1024
    yield b'"}'


async def test_a_body_that_is_too_large_is_refused_by_its_length(world: World) -> None:
    async with client_of(_with_settings(world, max_body_bytes=LIMIT), LOCAL_TOKEN) as client:
        answer = await client.post("/v1/search", json={"query": "a" * LIMIT})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_body_that_is_too_large_is_refused_while_it_comes_in(world: World) -> None:
    async with client_of(_with_settings(world, max_body_bytes=LIMIT), LOCAL_TOKEN) as client:
        headers = {"content-type": "application/json"}
        over = await client.post("/v1/search", content=_pieces(2 * LIMIT), headers=headers)
        under = await client.post("/v1/search", content=_pieces(LIMIT // 2), headers=headers)
    assert (over.status_code, over.json()["code"]) == (413, "body_too_large")
    assert under.json()["message"].startswith("query: String should have at most")


@dataclass(frozen=True, slots=True, kw_only=True)
class _PatientDesk(LocalDesk):
    """Searches until it is stopped."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
        raise AssertionError((principal, request))


async def test_work_stops_when_its_client_hangs_up(world: World) -> None:
    opened = world.resources
    desk = _PatientDesk(
        library=opened.desk.library, ports=opened.desk.ports, sources=opened.sources_seen
    )
    app = create_app(replace(world.resources, desk=desk), local_token=LOCAL_TOKEN)
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, headers=BEARER) as client:
        asking = asyncio.create_task(client.post("/v1/search", json={"query": "a"}))
        await desk.began.wait()
        asking.cancel()
        await asyncio.wait_for(desk.stopped.wait(), timeout=10)
        numbers = (await client.get("/metrics")).text
    assert 'route="/v1/search",status="499"} 1.0' in numbers
