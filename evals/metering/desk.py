"""A gateway in this process in front of one server, which lets everybody in and remembers calls."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import uvicorn

from contracts.principal import Principal
from inference.gateway.aiohttp_upstream import open_upstream
from inference.gateway.app import Gateway
from inference.gateway.handling import Handler
from inference.gateway.pool import Pool
from inference.gateway.ports import Admitted, Call, Caller, Ended
from inference.gateway.relay import Relay
from inference.gateway.served import Directory, Served


class Everybody:
    """Implements `inference.gateway.ports.Callers`."""

    async def caller(self, authorization: str | None) -> Caller:  # noqa: ARG002 - of the port
        principal = Principal(id="somebody", name="somebody", scopes=frozenset({"models"}))
        return Caller(principal=principal)


@dataclass
class Remembered:
    """Implements `inference.gateway.ports.Meter`, and what it admits."""

    running: int = 0
    ended: list[Ended] = field(default_factory=list[Ended])
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def admit(self, caller: Caller, call: Call) -> Admitted:  # noqa: ARG002 - of the port
        self.running += 1
        return self

    def end(self, ended: Ended) -> None:
        self.running -= 1
        self.ended.append(ended)


@asynccontextmanager
async def gateway_to(
    server: str, model: str, context: int
) -> AsyncGenerator[tuple[str, Remembered]]:
    """Yield the gateway's address, and what it remembers."""
    meter = Remembered()
    async with open_upstream() as upstream:
        pool = Pool(model, [server], probe=upstream.is_ready)
        served = Served(
            id=model,
            task="chat",
            runtime="vllm",
            pool=pool,
            upstream_name=model,
            context=context,
        )
        handler = Handler(
            callers=Everybody(),
            meter=meter,
            models=Directory([served]),
            relay=Relay(upstream=upstream),
            secret=b"of this run",
        )
        async with _serving(Gateway(handler)) as url:
            yield url, meter
        await pool.close()


@asynccontextmanager
async def _serving(app: Gateway) -> AsyncGenerator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve, [listener])
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
