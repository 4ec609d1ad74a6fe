"""REST and MCP give the same structured answers, and the same problems, to the same requests."""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from agents.registry import AGENTS
from contracts.principal import ALL_SCOPES
from mcp_server.tools import TOOLS
from service.keys import KeyOrder, Keys
from service.serving import open_serving
from service.settings import read_settings
from service.sources.order import SourceOrder
from tests.servers.asgi import serving
from tests.service.rest.world import add

TOKEN = "fml_the-token-of-this-test"
QUESTION = "AZ91の溶体化処理は何度ですか"
NARROWED = {
    "file_types": ["md"],
    "paths": ["熱"],
    "languages": ["ja"],
    "modified_from": "2024-01-01T00:00:00Z",
    "modified_before": "9000-01-01",
}


@dataclass(frozen=True, slots=True)
class _Call:
    """One request, as each surface takes it."""

    tool: str
    arguments: Mapping[str, Any]
    method: str
    path: str

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The arguments, but where the path holds them all."""
        return None if self.method == "GET" or "/sources/" in self.path else self.arguments


CALLS = [
    _Call("list_projects", {}, "GET", "/v1/projects"),
    _Call("search", {"query": QUESTION}, "POST", "/v1/search"),
    _Call("search", {"query": "unit", "projects": ["alloy"], "limit": 1}, "POST", "/v1/search"),
    _Call("search", {"query": QUESTION, **NARROWED, "neighbours": 1}, "POST", "/v1/search"),
    _Call("search", {"query": QUESTION, "group_by": "file", "limit": 1}, "POST", "/v1/search"),
    _Call("ask", {"question": QUESTION}, "POST", "/v1/answers"),
    _Call("ask", {"question": QUESTION, **NARROWED}, "POST", "/v1/answers"),
    _Call("source_status", {"source_id": "alloy"}, "GET", "/v1/sources/alloy"),
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
    _Call("source_status", {"source_id": "no-such"}, "GET", "/v1/sources/no-such"),
    _Call("sync_source", {"source_id": "no-such"}, "POST", "/v1/sources/no-such/sync"),
]


@dataclass(frozen=True, slots=True)
class _Surfaces:
    rest: httpx2.AsyncClient
    mcp: Client
    stranger: Client
    """Shows a key that was granted nothing."""

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
        await add(opened.resources, SourceOrder(location=str(folder / "alloy")))
        async with (
            serving(opened.app) as url,
            _rest(url) as rest,
            _mcp(url, TOKEN) as mcp,
            _mcp(url, await _poor_key(opened.resources.records.keys)) as stranger,
        ):
            yield _Surfaces(rest, mcp, stranger)


def _rest(url: str) -> httpx2.AsyncClient:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx2.AsyncClient(base_url=url, headers=headers, timeout=30)


@asynccontextmanager
async def _mcp(url: str, secret: str) -> AsyncGenerator[Client]:
    headers = {"Authorization": f"Bearer {secret}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as transport,
        Client(streamable_http_client(f"{url}/mcp", http_client=transport)) as client,
    ):
        yield client


async def _poor_key(keys: Keys) -> str:
    order = KeyOrder(name="a", principal_id="sato", scopes=ALL_SCOPES, projects=[])
    return (await keys.create(order)).key


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


@pytest.mark.parametrize(
    "asked", [{"cursor": "AAAA"}, {"neighbours": 9}, {"file_type": ["md"]}, {"tags": [" "]}]
)
async def test_both_surfaces_refuse_what_makes_no_sense(
    asked: dict[str, Any], surfaces: _Surfaces
) -> None:
    call = _Call("search", {"query": QUESTION, **asked}, "POST", "/v1/search")
    by_rest, by_mcp = await surfaces.both(call)
    assert by_rest["code"] == by_mcp["code"]
    assert by_rest["kind"] == "invalid"


async def test_both_surfaces_begin_the_same_sync(surfaces: _Surfaces) -> None:
    call = _Call("sync_source", {"source_id": "alloy"}, "POST", "/v1/sources/alloy/sync")
    by_rest, by_mcp = await surfaces.both(call)
    assert by_rest.keys() == by_mcp.keys()
    assert by_rest["project_id"] == by_mcp["project_id"] == "alloy"


@pytest.mark.parametrize("call", REFUSED, ids=lambda call: call.tool)
async def test_what_a_key_may_not_see_looks_like_nothing(call: _Call, surfaces: _Surfaces) -> None:
    found, _ = await surfaces.both(CALLS[1])
    passage_id = found["hits"][0]["passage_id"]
    hidden = {"projects": ["alloy"], "source_id": "alloy", "passage_id": passage_id}
    told: list[str] = []
    for arguments in (dict(call.arguments), {**call.arguments, **_only(hidden, call.arguments)}):
        result = await surfaces.stranger.call_tool(call.tool, arguments)
        told.append(re.sub(f"{passage_id}|alloy|no-such", "ID", result.model_dump_json()))
    assert told[0] == told[1]
    assert "_unknown" in told[0]


def _only(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: values[name] for name in names if name in values}


def _timeless(answer: Any) -> Any:  # noqa: ANN401 - whatever the surface gave
    """Leave out how long it took: it differs from call to call."""
    return {name: value for name, value in answer.items() if name != "took_ms"}
