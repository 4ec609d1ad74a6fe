"""The official client against the server, in this process, by both generations of the protocol."""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Mapping
from importlib.metadata import version
from typing import Any

import pytest
from mcp import Client, MCPError
from mcp_types import CallToolResult, TextContent

from agents.local_desk import LocalDesk
from agents.registry import AGENTS
from contracts.principal import Principal
from mcp_server.server import build_server
from mcp_server.tools import TOOLS
from rag.models import AskRequest, ReadRequest, SearchRequest
from tests.mcp_server.small_library import AOKI, NOBODY, TEXTS, BrokenDesk, WaitingDesk

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "list_projects": {},
    "search": {"query": "溶体化処理の温度"},
    "read": {"passage_id": "0c0d5a5e-6d57-4f0e-9a3b-7f2f1f0a9d11"},
    "ask": {"question": "溶体化処理は何度でしたか"},
    "sync_source": {"source_id": "alloy"},
    "source_status": {"source_id": "alloy"},
    **{name: agent.example.model_dump(mode="json") for name, agent in AGENTS.items()},
}


def _client(desk: LocalDesk, *, mode: str = "auto", principal: Principal = AOKI) -> Client:
    return Client(build_server(desk, lambda _context: principal), mode=mode)


@pytest.fixture(params=["legacy", "2026-07-28"])
async def client(desk: LocalDesk, request: pytest.FixtureRequest) -> AsyncGenerator[Client]:
    async with _client(desk, mode=request.param) as connected:
        yield connected


def _text(result: CallToolResult) -> str:
    [content] = result.content
    assert isinstance(content, TextContent)
    return content.text


async def test_the_server_says_in_both_languages_what_it_is(desk: LocalDesk) -> None:
    async with _client(desk) as client:
        assert client.server_info is not None
        assert client.server_info.version == version("fumikura")
        assert client.instructions is not None
        assert re.search(r"passages of research files.*\n.*研究資料", client.instructions)


async def test_the_listing_is_the_table(client: Client) -> None:
    listed = (await client.list_tools()).tools
    assert [tool.name for tool in listed] == list(TOOLS)
    for tool in listed:
        assert tool.title == TOOLS[tool.name].title
        assert tool.output_schema is not None
        assert tool.annotations is not None
        reads = tool.name != "sync_source"
        assert tool.annotations.read_only_hint == reads
        assert tool.annotations.open_world_hint == (not reads)


async def test_a_search_gives_the_hits_of_the_desk(client: Client, desk: LocalDesk) -> None:
    result = await client.call_tool("search", {"query": "溶体化処理の温度", "limit": 2})
    direct = await desk.search(AOKI, SearchRequest(query="溶体化処理の温度", limit=2))
    assert result.structured_content["hits"] == direct.model_dump(mode="json")["hits"]
    assert TEXTS["alloy"][0] in _text(result)


async def test_a_passage_is_read_with_its_neighbours(client: Client, desk: LocalDesk) -> None:
    found = await client.call_tool("search", {"query": "溶体化処理", "limit": 1})
    passage_id = found.structured_content["hits"][0]["passage_id"]
    result = await client.call_tool("read", {"passage_id": passage_id, "after": 2})
    direct = await desk.read(AOKI, ReadRequest(passage_id=passage_id, after=2))
    assert result.structured_content == direct.model_dump(mode="json")
    assert [each["text"] for each in result.structured_content["passages"]] == [*TEXTS["alloy"]]


async def test_a_question_is_answered_with_its_sources(client: Client, desk: LocalDesk) -> None:
    question = "溶体化処理は何度でしたか"
    result = await client.call_tool("ask", {"question": question})
    direct = await desk.ask(AOKI, AskRequest(question=question))
    assert result.structured_content == direct.model_dump(mode="json")
    assert "[1] alloy: notes.pdf, p. 1 (passage_id " in _text(result)


async def test_a_sync_is_begun_and_its_state_told(client: Client) -> None:
    begun = await client.call_tool("sync_source", {"source_id": "alloy"})
    told = await client.call_tool("source_status", {"source_id": "alloy"})
    assert begun.structured_content["status"] == "done"
    assert told.structured_content["last_job"] == begun.structured_content
    assert _text(told).splitlines()[0] == "alloy: Alloy (rdm:alloy)"
    assert "1 files seen" in _text(begun)


async def test_only_readable_projects_are_listed(client: Client) -> None:
    result = await client.call_tool("list_projects")
    assert [each["project_id"] for each in result.structured_content["projects"]] == ["alloy"]


@pytest.mark.parametrize("name", AGENTS)
async def test_an_agent_answers_its_example(client: Client, name: str) -> None:
    result = await client.call_tool(name, dict(ARGUMENTS[name]))
    assert not result.is_error
    answer = AGENTS[name].answer.model_validate(result.structured_content)
    assert _text(result) == AGENTS[name].render(answer)


async def test_an_agent_reports_its_progress(client: Client) -> None:
    seen: list[tuple[float, float | None, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        seen.append((progress, total, message))

    arguments = dict(ARGUMENTS["explain_vedic"])
    await client.call_tool("explain_vedic", arguments, progress_callback=note)
    assert len(seen) >= 2
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)
    assert seen[-1][0] == seen[-1][1]
    assert all(message for _, _, message in seen)


@pytest.mark.parametrize("name", TOOLS)
async def test_a_caller_without_the_scope_is_told_which_is_missing(
    desk: LocalDesk, name: str
) -> None:
    async with _client(desk, principal=NOBODY) as client:
        result = await client.call_tool(name, dict(ARGUMENTS[name]))
    assert result.is_error
    assert result.structured_content["code"] == "scope_missing"
    assert repr(TOOLS[name].scope) in result.structured_content["message"]


async def test_a_problem_is_an_answer_with_its_next_step(client: Client) -> None:
    result = await client.call_tool("search", {"query": "讃歌", "projects": ["veda"]})
    assert result.is_error
    assert result.structured_content["code"] == "project_unknown"
    assert result.structured_content["message_ja"] in _text(result)
    assert f"Next step: {result.structured_content['hint']}" in _text(result)


async def test_invalid_arguments_are_a_problem_that_names_the_field(client: Client) -> None:
    result = await client.call_tool("search", {"query": "q", "limit": 0})
    assert result.is_error
    assert result.structured_content["code"] == "invalid_request"
    assert result.structured_content["message"].startswith("limit: ")


async def test_an_unknown_tool_is_an_error_of_the_protocol(client: Client) -> None:
    with pytest.raises(MCPError, match="Unknown tool: find"):
        await client.call_tool("find", {})


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_bug_is_logged_with_its_place_and_without_content(
    desk: LocalDesk, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = BrokenDesk(library=desk.library, ports=desk.ports, sources=desk.sources)
    with caplog.at_level(logging.INFO):
        async with _client(broken, mode=mode) as client:
            result = await client.call_tool("ask", {"question": "未発表の合金"})
    assert result.structured_content["code"] == "internal_error"
    assert "未発表" not in _text(result) + caplog.text
    trace = r"the tool ask failed by ValueError\n.*small_library.*\nKeyError\n"
    assert re.search(trace, caplog.text, re.DOTALL)


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_a_cancelled_call_stops_the_work(desk: LocalDesk, mode: str) -> None:
    waiting = WaitingDesk(library=desk.library, ports=desk.ports, sources=desk.sources)
    async with _client(waiting, mode=mode) as client, asyncio.timeout(5):
        call = asyncio.create_task(client.call_tool("ask", {"question": "q"}))
        await waiting.began.wait()
        call.cancel()
        assert await waiting.stopped.wait()
