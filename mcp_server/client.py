"""Call a tool as an assistant does: start a server over stdio, list its tools, call one."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import TextContent

from mcp_server.problems import CallRefused


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What an assistant sees: the names of the tools, and the answer of the called one."""

    tools: tuple[str, ...]
    text: str


async def call_tool(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    name: str,
    arguments: Mapping[str, Any],
) -> ToolCall:
    """Start `command`, call the tool `name` of the MCP server that it is, and stop it again.

    Raises:
        CallRefused: the tool answered with a problem.
    """
    program, *parameters = command
    server = StdioServerParameters(command=program, args=parameters, env=dict(environment))
    # Named, because the library remembers the stderr that was there when it was imported.
    async with Client(stdio_client(server, errlog=sys.stderr)) as client:
        tools = (await client.list_tools()).tools
        result = await client.call_tool(name, dict(arguments))
    text = "\n".join(each.text for each in result.content if isinstance(each, TextContent))
    if result.is_error:
        raise CallRefused(name, text)
    return ToolCall(tuple(tool.name for tool in tools), text)
