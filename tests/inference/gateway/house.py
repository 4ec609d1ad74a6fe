"""A gateway on loopback in front of scripted model servers, with keys and limits of its own."""

import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import anyio
import httpx2
from openai import AsyncOpenAI

from contracts.principal import Principal
from contracts.problems import Problem
from inference.gateway.aiohttp_upstream import open_upstream
from inference.gateway.app import Gateway
from inference.gateway.endpoints import Task
from inference.gateway.handling import Handler
from inference.gateway.pool import Patience, Pool
from inference.gateway.ports import Admitted, Call, Caller, Ended
from inference.gateway.relay import Relay
from inference.gateway.served import Directory, Served
from inference.gateway.upstream import Upstream
from inference.gateway.wire.client import open_wire_upstream
from inference.gateway.wire.server import wire_serving
from tests.servers.asgi import serving
from tests.servers.openai import MODEL

Way = Literal["asgi", "wire"]


@dataclass(slots=True)
class Chosen:
    """The way of bytes through gateways that are opened now: both are to answer alike."""

    way: Way = "asgi"


CHOSEN = Chosen()

YAMADA = Caller(principal=Principal(id="yamada", name="山田", scopes=frozenset({"models"})))
READER = Caller(principal=Principal(id="sato", name="佐藤", scopes=frozenset({"read"})))


class KeyRefused(Problem):
    kind = "unauthenticated"
    code = "key_invalid"


class LimitMet(Problem):
    kind = "limited"
    code = "limit_reached"


class Keys:
    """Implements `Callers`."""

    def __init__(self) -> None:
        self.known = {"Bearer yamada": YAMADA, "Bearer reader": READER}

    async def caller(self, authorization: str | None) -> Caller:
        if authorization not in self.known:
            raise KeyRefused("This request has no valid API key.", hint="Send one.")
        return self.known[authorization]


@dataclass
class Account:
    """Implements `Meter` and what it admits: keeps everything, and admits so many at once."""

    most: int = 1_000
    running: int = 0
    idle: anyio.Event = field(default_factory=anyio.Event)
    calls: list[Call] = field(default_factory=list[Call])
    ended: list[Ended] = field(default_factory=list[Ended])
    headers: Sequence[tuple[bytes, bytes]] = ((b"x-ratelimit-remaining-requests", b"9"),)

    async def admit(self, caller: Caller, call: Call) -> Admitted:  # noqa: ARG002 - of the port
        if self.running >= self.most:
            raise LimitMet("Too many at once.", hint="Wait.", retry_after_s=1.0)
        self.running += 1
        self.idle = anyio.Event()
        self.calls.append(call)
        return self

    def end(self, ended: Ended) -> None:
        self.running -= 1
        self.ended.append(ended)
        if not self.running:
            self.idle.set()

    async def all_ended(self) -> list[Ended]:
        """Return what was recorded once no call runs."""
        with anyio.fail_after(30):
            await self.idle.wait()
        return self.ended


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What a test needs of the gateway that it started."""

    url: str
    account: Account
    pools: dict[str, Pool]

    def client(self, key: str = "yamada") -> AsyncOpenAI:
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0)

    def http(self, key: str | None = "yamada") -> httpx2.AsyncClient:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=90, trust_env=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model to be served; its replicas are URLs without `/v1`."""

    id: str = "qwen"
    replicas: Sequence[str]
    task: Task = "chat"
    runtime: str = "vllm"
    upstream_name: str = MODEL
    aliases: Sequence[str] = ()
    fallbacks: Sequence[str] = ()
    thinks: bool = False
    patience: Patience = field(default_factory=lambda: Patience(hold_s=10.0, probe_every_s=0.02))


@asynccontextmanager
async def gateway(*models: Model, most: int = 1_000) -> AsyncGenerator[House]:
    """Serve the models."""
    account = Account(most)
    async with _upstream() as upstream:
        pools = {model.id: _pool(model, upstream) for model in models}
        handler = Handler(
            callers=Keys(),
            meter=account,
            models=Directory(_served(model, pools[model.id]) for model in models),
            relay=Relay(upstream=upstream),
            secret=b"a secret of the tests",
        )
        async with _serving(handler) as url:
            yield House(url=url, account=account, pools=pools)
        for pool in pools.values():
            await pool.close()


def _upstream() -> AbstractAsyncContextManager[Upstream]:
    return open_wire_upstream() if CHOSEN.way == "wire" else open_upstream()


@asynccontextmanager
async def _serving(handler: Handler) -> AsyncGenerator[str]:
    if CHOSEN.way == "asgi":
        async with serving(Gateway(handler)) as url:
            yield url
        return
    listener = socket.create_server(("127.0.0.1", 0))
    async with wire_serving(handler, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _pool(model: Model, upstream: Upstream) -> Pool:
    return Pool(model.id, model.replicas, probe=upstream.is_ready, patience=model.patience)


def _served(model: Model, pool: Pool) -> Served:
    return Served(
        id=model.id,
        task=model.task,
        runtime=model.runtime,
        pool=pool,
        upstream_name=model.upstream_name,
        context=8_192,
        aliases=model.aliases,
        fallbacks=model.fallbacks,
        thinks=model.thinks,
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
