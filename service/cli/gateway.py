"""`fumikura gateway`: models alone, without search; several may share a port and a database."""

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal

import click

from service.cli.listening import (
    listen,
    serve_until_stopped,
    serve_wire_until_stopped,
    url_of,
)
from service.cli.options import run
from service.problems import HereNotShared
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from socket import socket

    from inference.catalogue.reading import Catalogue
    from inference.runtimes.kept import Kept
    from service.model_gateway import Connections, ModelGateway

Way = Literal["wire", "asgi"]


@click.command("gateway")
@click.option("--host", help="Address to listen on; loopback if absent (FUMIKURA_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one (FUMIKURA_PORT).")
@click.option(
    "--share-port",
    "shares_port",
    is_flag=True,
    help="Let other gateways listen there too; the system spreads connections over them.",
)
@click.option(
    "--http",
    "way",
    type=click.Choice(["wire", "asgi"]),
    default="wire",
    show_default=True,
    help="What speaks HTTP: fumikura itself, or uvicorn and aiohttp, which take more time.",
)
def gateway(host: str | None, port: int | None, *, shares_port: bool, way: Way) -> None:
    """Serve the models of the catalogue, and nothing else.

    Keys, limits and records are those of the database, and with it those of `fumikura serve`.
    """
    chosen: dict[str, Any] = {"host": host, "port": port}
    settings = read_settings(**{name: value for name, value in chosen.items() if value is not None})
    import uvloop  # noqa: PLC0415 - not for --help

    work = serve_models(settings, shares_port=shares_port, way=way)
    run(work, logged=logging.WARNING, loop=uvloop.new_event_loop)


async def _at_once(_: "list[Kept]") -> None:
    """Serve also while models are being started: who calls them is held."""


async def serve_models(
    settings: Settings,
    *,
    catalogue: "Catalogue | None" = None,
    shares_port: bool = False,
    until_ready: "Callable[[list[Kept]], Awaitable[None]]" = _at_once,
    way: Way = "wire",
) -> None:
    """Serve the models of a catalogue, or of the settings', until a signal says to stop.

    `until_ready` is given the servers that are started here, before the first call is taken.
    """
    from service.model_gateway import open_model_gateway  # noqa: PLC0415 - not for --help
    from service.tracing import open_tracer  # noqa: PLC0415 - see above
    from service.wiring import open_records  # noqa: PLC0415 - see above

    with listen(settings, shares_port=shares_port) as listener:
        async with (
            open_records(settings) as records,
            open_tracer(settings.otlp_endpoint) as tracer,
            open_model_gateway(
                records, catalogue=catalogue, tracer=tracer, connections=_connections(way)
            ) as models,
        ):
            if shares_port and models.kept:
                raise HereNotShared([each.served.id for each in models.kept])
            await until_ready(list(models.kept))
            names = ", ".join(model.id for model in models.models.models) or "none"
            greet = _greeting(url_of(listener), names)
            await _serve(models, listener, greet, way)


def _connections(way: Way) -> "Connections":
    from inference.gateway.aiohttp_upstream import open_upstream  # noqa: PLC0415 - not for --help
    from inference.gateway.wire.client import open_wire_upstream  # noqa: PLC0415 - see above

    return open_wire_upstream if way == "wire" else open_upstream


async def _serve(
    models: "ModelGateway",
    listener: "socket",
    greet: Callable[[], Awaitable[None]],
    way: Way,
) -> None:
    from inference.gateway.app import Gateway  # noqa: PLC0415 - not for --help
    from service.gateway_desk import GatewayDesk  # noqa: PLC0415 - not for --help

    desk = GatewayDesk(models)
    if way == "wire":
        await serve_wire_until_stopped(desk, listener, greet)
    else:
        await serve_until_stopped(Gateway(desk), listener, greet)


def _greeting(url: str, names: str) -> Callable[[], Awaitable[None]]:
    async def greet() -> None:
        print(f"Fumikura serves models at {url}  (OpenAI {url}/v1): {names}")
        print("Stop with Ctrl-C.", flush=True)

    return greet
