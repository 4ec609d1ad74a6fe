"""`fumikura serve`: the service on this machine, until it is stopped."""

import logging
import sys
from functools import partial
from typing import Any

import click

from contracts.principal import ALL_SCOPES
from service.cli.listening import listen, serve_until_stopped, url_of
from service.cli.options import run
from service.keys import EVERY_PROJECT, KeyOrder, Keys
from service.running import announced, new_token
from service.settings import Settings, read_settings


@click.command("serve")
@click.option("--host", help="Address to listen on; loopback if absent (FUMIKURA_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one (FUMIKURA_PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Start the service and print its URL and, on the first start, a first API key."""
    chosen: dict[str, Any] = {"host": host, "port": port}
    settings = read_settings(**{name: value for name, value in chosen.items() if value is not None})
    run(_serve(settings), logged=logging.WARNING)


async def _serve(settings: Settings) -> None:
    from service.serving import open_serving  # noqa: PLC0415 - not for --help

    token = new_token()
    with listen(settings) as listener:
        async with open_serving(settings, local_token=token) as serving:
            url = url_of(listener)
            greet = partial(_greet, url, serving.resources.records.keys, settings)
            with announced(settings.data_folder, url=url, token=token):
                await serve_until_stopped(serving.app, listener, greet)


async def _greet(url: str, keys: Keys, settings: Settings) -> None:
    """Tell the URL; make and show a key where there never was one."""
    print(f"Fumikura serves at {url}  (REST {url}/v1, MCP {url}/mcp)")
    if await keys.count() == 0:
        made = await keys.create(
            KeyOrder(
                name="first key",
                principal_id="operator",
                scopes=ALL_SCOPES,
                projects=[EVERY_PROJECT],
            )
        )
        print(f"First API key, shown this once / 最初の API キー（今だけ表示）:\n{made.key}")
    if not settings.is_loopback:
        print("Other machines can reach it: put TLS in front of it.", file=sys.stderr)
    print("Stop with Ctrl-C.", flush=True)
