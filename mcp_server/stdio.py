"""MCP over stdin and stdout, for an assistant that starts this program itself."""

from mcp.server.stdio import stdio_server

from agents.desk import Desk
from contracts.principal import Principal
from mcp_server.server import build_server


async def serve_stdio(desk: Desk, principal: Principal) -> None:
    """Serve one assistant, every call in the name of `principal`, until stdin ends.

    Meanwhile nothing but the protocol reaches stdout: whatever else this process or its children
    print there goes to stderr.
    """
    server = build_server(desk, lambda _context: principal)
    async with stdio_server() as (read_stream, write_stream):
        await server.run(read_stream, write_stream, server.create_initialization_options())
