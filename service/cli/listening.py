"""Listen at an address, and serve an application there until a signal says to stop."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from service.problems import AddressTaken
from service.settings import Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from inference.gateway.exchange import Answers

_STOP_WITHIN_S: Final = 10


async def serve_until_stopped(
    app: "ASGIApp", listener: socket.socket, greet: Callable[[], Awaitable[None]]
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
        ws="none",  # nothing here speaks it, and who asks for it would wait for ever
        timeout_graceful_shutdown=_STOP_WITHIN_S,
    )
    await Server(config).serve(sockets=[listener])


async def serve_wire_until_stopped(
    answers: "Answers", listener: socket.socket, greet: Callable[[], Awaitable[None]]
) -> None:
    """Do the same for what speaks HTTP by itself."""
    from inference.gateway.wire.server import wire_serving  # noqa: PLC0415 - not for --help

    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with wire_serving(answers, listener):
        await greet()
        await stopped.wait()


def listen(settings: Settings, *, shares_port: bool = False) -> socket.socket:
    """Bind before anything slow is opened: a taken port is told at once."""
    try:
        return _bound(settings, shares_port=shares_port)
    except OSError as error:
        reason = error.strerror or "not an address of this machine"
        raise AddressTaken(settings.host, settings.port, reason=reason) from error


def _bound(settings: Settings, *, shares_port: bool) -> socket.socket:
    [family, kind, protocol, _, address], *_ = socket.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    # With its protocol named: asyncio sends at once (TCP_NODELAY) only where it reads TCP there.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen()  # two may bind, one may listen; who calls meanwhile waits
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the address that this machine reaches it at."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound: say how to reach it from here
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
