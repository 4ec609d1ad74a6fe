"""What an assistant does: start an MCP server as a program, see its tools, call one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import TextContent


@dataclass(frozen=True, slots=True)
class Called:
    """The names of the server's tools, and one tool's answer as an assistant reads it."""

    tools: Sequence[str]
    text: str
    is_error: bool


async def call_tool(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    name: str,
    arguments: Mapping[str, Any],
) -> Called:
    """Start `command`, call its tool `name` once, and stop it."""
    program = StdioServerParameters(
        command=command[0], args=list(command[1:]), env=dict(environment)
    )
    async with Client(stdio_client(program)) as client:
        listed = await client.list_tools()
        answer = await client.call_tool(name, dict(arguments))
    texts = [block.text for block in answer.content if isinstance(block, TextContent)]
    return Called([tool.name for tool in listed.tools], "\n".join(texts), bool(answer.is_error))
