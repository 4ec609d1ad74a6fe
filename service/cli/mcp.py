"""`fumikura mcp`: MCP over stdin and stdout."""

import logging

import click

from service.access.recorded import LOCAL_OPERATOR
from service.cli.options import run
from service.cli.session import open_session
from service.settings import read_settings


@click.command("mcp")
def mcp() -> None:
    """Serve MCP over stdin and stdout, for an assistant that starts this command itself.

    A running service is used if there is one, with FUMIKURA_API_KEY where FUMIKURA_URL names it.
    """
    run(_serve(), logged=logging.WARNING)


async def _serve() -> None:
    from mcp_server.stdio import serve_stdio  # noqa: PLC0415 - loads the MCP library

    async with open_session(read_settings()) as session:
        await serve_stdio(session.desk, LOCAL_OPERATOR)
