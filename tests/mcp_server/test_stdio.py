"""The official client, and bare pipes, against a program that speaks MCP over stdio."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from mcp_server.tools import TOOLS

ROOT = Path(__file__).parents[2]
PROGRAM = ["-m", "tests.mcp_server.stdio_program"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_client_starts_the_program_lists_and_searches(tmp_path: Path, mode: str) -> None:
    program = StdioServerParameters(
        command=sys.executable, args=[*PROGRAM, str(tmp_path)], cwd=ROOT
    )
    async with Client(program, mode=mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == list(TOOLS)
        result = await client.call_tool("search", {"query": "引張強さ tensile strength"})
    assert "230 MPa" in result.structured_content["hits"][0]["text"]


async def test_nothing_but_the_protocol_reaches_stdout(tmp_path: Path) -> None:
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *PROGRAM,
        str(tmp_path),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    program.stdin.write(_line("initialize", 1, _hello()))
    program.stdin.write(_line("tools/call", 2, {"name": "list_projects"}))
    answered = [json.loads(await program.stdout.readline())["id"] for _ in range(2)]
    rest, noise = await program.communicate(b"")  # and its end
    assert (answered, rest, program.returncode) == ([1, 2], b"", 0)
    assert b"noise of the process" in noise
    assert b"noise of a child" in noise


def _hello() -> dict[str, Any]:
    info = {"name": "pipes", "version": "1"}
    return {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info}


def _line(method: str, number: int, params: dict[str, Any]) -> bytes:
    call = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return json.dumps(call).encode() + b"\n"
