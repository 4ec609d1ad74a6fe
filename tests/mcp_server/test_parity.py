"""REST and MCP give the same structured answers, and the same problems, to the same requests."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from agents.registry import AGENTS
from mcp_server.tools import TOOLS
from service.access import LOCAL_OPERATOR
from service.serving import open_serving
from service.settings import read_settings
from tests.service.rest.world import index, serving

TOKEN = "fml_the-token-of-this-test"
QUESTION = "AZ91の溶体化処理は何度ですか"


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, as each surface takes it."""

    tool: str
    arguments: Mapping[str, Any]
    method: str
    path: str

    @property
    def body(self) -> Mapping[str, Any] | None:
        return self.arguments if self.method == "POST" else None


CALLS = [
    _Call("list_projects", {}, "GET", "/v1/projects"),
    _Call("search", {"query": QUESTION}, "POST", "/v1/search"),
    _Call("search", {"query": "unit", "projects": ["alloy"], "limit": 1}, "POST", "/v1/search"),
    _Call("ask", {"question": QUESTION}, "POST", "/v1/answers"),
    *(
        _Call(
            agent.name,
            agent.example.model_dump(mode="json", exclude_none=True),
            "POST",
            f"/v1/agents/{agent.name}",
        )
        for agent in AGENTS.values()
    ),
]
REFUSED = [
    _Call("search", {"query": "x", "projects": ["no-such"]}, "POST", "/v1/search"),
    _Call("ask", {"question": "x", "projects": ["no-such"]}, "POST", "/v1/answers"),
    _Call("read", {"passage_id": "no-such"}, "GET", "/v1/passages/no-such"),
]


@dataclass(frozen=True, slots=True)
class _Surfaces:
    rest: httpx2.AsyncClient
    mcp: Client

    async def both(self, call: _Call) -> tuple[Any, Any]:
        response = await self.rest.request(call.method, call.path, json=call.body)
        result = await self.mcp.call_tool(call.tool, dict(call.arguments))
        return _timeless(response.json()), _timeless(result.structured_content)


@pytest.fixture(scope="module")
async def surfaces(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[_Surfaces]:
    folder = tmp_path_factory.mktemp("parity")
    (folder / "alloy").mkdir()
    (folder / "alloy" / "熱処理.md").write_text("AZ91は413 ℃で溶体化した。", encoding="utf-8")
    settings = read_settings(data_folder=folder / "data", embedding={"kind": "hash"})
    async with open_serving(settings, local_token=TOKEN) as opened:
        await opened.resources.folders.add(LOCAL_OPERATOR, str(folder / "alloy"))
        await index(opened.resources, "alloy")
        async with serving(opened.app) as url, _clients(url) as clients:
            yield clients


@asynccontextmanager
async def _clients(url: str) -> AsyncGenerator[_Surfaces]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as rest,
        httpx2.AsyncClient(headers=headers, timeout=30) as transport,
        Client(streamable_http_client(f"{url}/mcp", http_client=transport)) as mcp,
    ):
        yield _Surfaces(rest, mcp)


def test_every_tool_is_compared() -> None:
    assert {call.tool for call in [*CALLS, *REFUSED]} == set(TOOLS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.tool)
async def test_both_surfaces_give_the_same_answer(call: _Call, surfaces: _Surfaces) -> None:
    by_rest, by_mcp = await surfaces.both(call)
    assert by_rest == by_mcp
    assert "code" not in by_rest


async def test_both_surfaces_read_the_same_passages(surfaces: _Surfaces) -> None:
    found, _ = await surfaces.both(CALLS[1])
    passage_id = found["hits"][0]["passage_id"]
    arguments = {"passage_id": passage_id}
    by_rest, by_mcp = await surfaces.both(
        _Call("read", arguments, "GET", f"/v1/passages/{passage_id}")
    )
    assert by_rest == by_mcp
    assert "413 ℃" in by_rest["passages"][0]["text"]


@pytest.mark.parametrize("call", REFUSED, ids=lambda call: call.tool)
async def test_both_surfaces_tell_the_same_problem(call: _Call, surfaces: _Surfaces) -> None:
    by_rest, by_mcp = await surfaces.both(call)
    assert by_rest == by_mcp
    assert by_rest["kind"] == "missing"


def _timeless(answer: Any) -> Any:  # noqa: ANN401 - whatever the surface gave
    """Leave out how long it took: it differs from call to call."""
    return {name: value for name, value in answer.items() if name != "took_ms"}
