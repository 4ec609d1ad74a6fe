"""`fumikura serve`: the service on this machine, until it is stopped."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from contracts.principal import ALL_SCOPES
from service.cli.options import run
from service.keys import EVERY_PROJECT, KeyOrder, Keys
from service.problems import AddressTaken
from service.running import announced, new_token
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

_STOP_WITHIN_S = 10


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
    with _listen(settings) as listener:
        async with open_serving(settings, local_token=token) as serving:
            url = _url(listener)
            greet = partial(_greet, url, serving.resources.records.keys, settings)
            with announced(settings.data_folder, url=url, token=token):
                await _serve_until_stopped(serving.app, listener, greet)


async def _serve_until_stopped(
    app: "FastAPI", listener: socket.socket, greet: Callable[[], Awaitable[None]]
) -> None:
    """Serve until SIGTERM or Ctrl-C, then let requests end; what is open is closed after that.

    `greet` is called once requests are answered and signals are heard.
    """
    import uvicorn  # noqa: PLC0415 - not for --help

    class Server(uvicorn.Server):
        """Leaves the signals to us: uvicorn raises them again, and we would never close."""

        @contextmanager
        def capture_signals(self) -> Generator[None]:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.handle_exit, number, None)
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            await greet()

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=_STOP_WITHIN_S,
    )
    await Server(config).serve(sockets=[listener])


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


def _listen(settings: Settings) -> socket.socket:
    """Bind before anything slow is opened: a taken port is told at once."""
    try:
        return _bound(settings)
    except OSError as error:
        reason = error.strerror or "not an address of this machine"
        raise AddressTaken(settings.host, settings.port, reason=reason) from error


def _bound(settings: Settings) -> socket.socket:
    [family, kind, protocol, _, address], *_ = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    # With its protocol named: asyncio sends at once (TCP_NODELAY) only where it reads TCP there.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()  # two may bind, one may listen; who calls meanwhile waits
    except OSError:
        listener.close()
        raise
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound: say how to reach it from here
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
