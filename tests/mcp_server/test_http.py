"""The official client over HTTP on loopback, against a host application as the service is one."""

import asyncio
import json
import socket
from base64 import b64encode
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.applications import Starlette
from starlette.routing import Route

from agents.local_desk import LocalDesk
from contracts.principal import Principal
from contracts.problems import Problem, ServiceUnreachable
from mcp_server.http import MAX_BODY_BYTES, open_http
from tests.mcp_server.small_library import AOKI, SATO, WaitingDesk

KEYS = {"Bearer key-of-aoki": AOKI, "Bearer key-of-sato": SATO}
JSON_RPC = {
    "Authorization": "Bearer key-of-aoki",
    "Accept": "application/json, text/event-stream",
    "Content-Type": "application/json",
}
PING = b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}'
both_generations = pytest.mark.parametrize("mode", ["legacy", "auto"])


class _KeyWrong(Problem):
    kind = "unauthenticated"
    code = "key_invalid"


async def _authenticate(header: str | None) -> Principal:
    if header == "Bearer key-of-nobody-knows":
        raise ServiceUnreachable("The database", reason="it is restarting", retry_after_s=3)
    if header not in KEYS:
        raise _KeyWrong("No valid key.", hint="Send one.", message_ja="キーがありません。")
    return KEYS[header]


@asynccontextmanager
async def _serve(desk: LocalDesk) -> AsyncGenerator[str]:
    """Serve `desk` on a free port, opened and closed by the host's lifespan; yields the URL."""

    @asynccontextmanager
    async def lifespan(host: Starlette) -> AsyncGenerator[None]:
        async with open_http(desk, _authenticate, allowed_hosts=["127.0.0.1:*"]) as app:
            host.router.routes.append(Route("/mcp", endpoint=app))
            yield

    listening = socket.create_server(("127.0.0.1", 0))
    host = Starlette(lifespan=lifespan)
    server = uvicorn.Server(uvicorn.Config(host, log_config=None, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    finally:
        server.should_exit = True
        await serving


@pytest.fixture
async def url(desk: LocalDesk) -> AsyncGenerator[str]:
    async with _serve(desk) as served:
        yield served


@asynccontextmanager
async def _connect(url: str, key: str, *, mode: str = "auto") -> AsyncGenerator[Client]:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


async def _post(
    url: str, body: bytes = PING, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=30) as http:
        return await http.post(url, content=body, headers={**JSON_RPC, **(headers or {})})


@both_generations
async def test_a_client_with_a_key_searches(url: str, mode: str) -> None:
    async with _connect(url, "key-of-aoki", mode=mode) as client:
        result = await client.call_tool("search", {"query": "溶体化処理の温度"})
    assert "413℃" in result.structured_content["hits"][0]["text"]


@both_generations
async def test_two_keys_at_once_see_each_their_own_projects(url: str, mode: str) -> None:
    async def projects(key: str) -> set[str]:
        async with _connect(url, key, mode=mode) as client:
            calls = [
                client.call_tool("search", {"query": "溶体化処理とリグヴェーダ"}) for _ in range(8)
            ]
            results = await asyncio.gather(*calls)
        return {hit["project_id"] for each in results for hit in each.structured_content["hits"]}

    seen = await asyncio.gather(*(projects(key) for key in ("key-of-aoki", "key-of-sato") * 2))
    assert seen == [{"alloy"}, {"veda"}] * 2


@both_generations
async def test_progress_comes_while_an_agent_works(url: str, mode: str) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    async with _connect(url, "key-of-aoki", mode=mode) as client:
        await client.call_tool(
            "explain_vedic", {"text": "agnim īḷe purohitam"}, progress_callback=note
        )
    assert seen[0][:2] == (0, seen[-1][0])
    assert all(message for _, _, message in seen)


@both_generations
async def test_a_client_that_goes_away_stops_the_work(desk: LocalDesk, mode: str) -> None:
    waiting = WaitingDesk(library=desk.library, ports=desk.ports, sources=desk.sources)
    async with _serve(waiting) as url, asyncio.timeout(10):
        async with _connect(url, "key-of-aoki", mode=mode) as client:
            call = asyncio.create_task(client.call_tool("ask", {"question": "q"}))
            await waiting.began.wait()
            call.cancel()
        assert await waiting.stopped.wait()


async def test_a_host_that_stops_ends_the_calls_that_still_run(desk: LocalDesk) -> None:
    waiting = WaitingDesk(library=desk.library, ports=desk.ports, sources=desk.sources)
    ask = {"name": "ask", "arguments": {"question": "q"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": ask})
    async with asyncio.timeout(10):
        async with _serve(waiting) as url:
            call = asyncio.create_task(_post(url, body.encode()))
            await waiting.began.wait()
        assert await waiting.stopped.wait()
        await asyncio.gather(call, return_exceptions=True)


@pytest.mark.parametrize("header", ["", "Bearer wrong", "key-of-aoki"])
async def test_without_a_valid_key_the_answer_is_401_and_the_problem(url: str, header: str) -> None:
    refused = await _post(url, headers={"Authorization": header})
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert refused.json() == {
        "code": "key_invalid",
        "kind": "unauthenticated",
        "message": "No valid key.",
        "message_ja": "キーがありません。",
        "hint": "Send one.",
        "retry_after_s": None,
    }


async def test_who_cannot_be_recognised_now_is_told_when_to_come_back(url: str) -> None:
    refused = await _post(url, headers={"Authorization": "Bearer key-of-nobody-knows"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")
    assert "www-authenticate" not in refused.headers


@pytest.mark.parametrize("revision", ["2025-11-25", "2026-07-28"])
async def test_a_foreign_host_or_origin_is_refused(url: str, revision: str) -> None:
    foreign = {"MCP-Protocol-Version": revision, "Host": "rebound.example"}
    assert (await _post(url, headers=foreign)).status_code == 421
    foreign = {"MCP-Protocol-Version": revision, "Origin": "https://rebound.example"}
    assert (await _post(url, headers=foreign)).status_code == 403


async def test_a_page_of_the_service_itself_may_call(url: str) -> None:
    assert (await _post(url, headers={"Origin": "http://127.0.0.1:8642"})).status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
async def test_there_is_nothing_but_calls(url: str, method: str) -> None:
    async with httpx2.AsyncClient(headers=JSON_RPC) as http:
        answer = await http.request(method, url)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_a_body_over_the_limit_is_refused(url: str) -> None:
    assert (await _post(url, b" " * (MAX_BODY_BYTES + 1))).status_code == 413


async def test_an_image_of_10_mb_fits(url: str) -> None:
    image = b64encode(bytes(10 * 1024 * 1024)).decode()
    async with _connect(url, "key-of-aoki") as client:
        result = await client.call_tool("explain_vedic", {"image": image})
    assert result.structured_content["code"] in {"image_invalid", "ocr_missing"}
