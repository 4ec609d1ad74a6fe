"""A server that plays prepared answers one after the other, and a session that asks it."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import AnyHttpUrl, SecretStr

from connectors.rdm.client import RdmClient, RdmSession, open_rdm
from connectors.rdm.download import Downloaded
from connectors.rdm.retry import Timing
from connectors.rdm.settings import RdmSettings
from tests.servers.loopback import Exchange, Handler, Received, serve_loopback

TOKEN: Final = SecretStr("osf-personal-token")
PROXY_PAGE: Final = "<html>認証が必要です</html>".encode()
NOW: Final = 1_700_000_000.0
CONTENT: Final = "室温で 24 時間静置した。\n".encode() * 10
SHA256: Final = hashlib.sha256(CONTENT).hexdigest()
SIZE: Final = len(CONTENT)
WHOLE: Final = Downloaded(SHA256, SIZE)
_LET_ARRIVE_S: Final = 0.02  # an abort discards what is still buffered


@dataclass(slots=True)
class CountedBudget:
    """Implements `RequestBudget`: refuses nothing."""

    taken: int = 0

    async def take(self) -> None:
        self.taken += 1


@dataclass(slots=True, kw_only=True)
class Asking:
    """A session, and what became of its requests."""

    client: RdmClient
    session: RdmSession
    budget: CountedBudget
    url: str
    requests: list[Received]
    pauses: list[float]

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @property
    def ranges(self) -> list[str | None]:
        return [request.headers.get("range") for request in self.requests]


@asynccontextmanager
async def asking(
    *answers: Handler,
    token: SecretStr | None = TOKEN,
    settings: Mapping[str, object] | None = None,
) -> AsyncGenerator[Asking]:
    """Ask a server that gives these answers, the last one for ever; pauses take no time."""
    requests: list[Received] = []
    pauses: list[float] = []

    async def play(received: Received, exchange: Exchange) -> None:
        requests.append(received)
        await answers[min(len(requests), len(answers)) - 1](received, exchange)

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    timing = Timing(now=lambda: NOW, sleep=pause, chance=lambda: 0.5)
    budget = CountedBudget()
    async with (
        serve_loopback(play) as url,
        open_rdm(settings_at(url, settings or {}), "rdm", timing=timing) as client,
    ):
        yield Asking(
            client=client,
            session=client.session(token, budget),
            budget=budget,
            url=url,
            requests=requests,
            pauses=pauses,
        )


async def fetch(  # noqa: PLR0913 - a file as it was listed; each test changes a fact or two
    it: Asking,
    target: Path,
    *,
    path: str = "/5f0",
    size: int | None = SIZE,
    sha256: str | None = SHA256,
    version: str | None = None,
    limit: int = 10_000,
) -> Downloaded:
    """Fetch a file that was listed as `CONTENT`, unless something else is said."""
    return await it.session.download(
        "abc12", "osfstorage", path, target, size=size, sha256=sha256, version=version, limit=limit
    )


def content_of(target: Path) -> bytes | None:
    """Return what was written; None where there is no file."""
    return target.read_bytes() if target.exists() else None


def settings_at(url: str, changes: Mapping[str, object]) -> RdmSettings:
    """Return settings of an instance whose hosts are all one."""
    here = AnyHttpUrl(f"{url}/")
    plain = RdmSettings(api_url=AnyHttpUrl(f"{url}/v2/"), files_url=here, web_url=here, tries=3)
    return plain.model_copy(update=dict(changes))


def reply(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Handler:
    """Answer with a body whose length is said."""

    async def answer(_: Received, exchange: Exchange) -> None:
        await exchange.answer(status, headers or {}, body)

    return answer


def json_reply(document: object, status: int = 200) -> Handler:
    return reply(status, json.dumps(document).encode())


def chunked(body: bytes, *, status: int = 200) -> Handler:
    """Answer with a body whose length is not said."""

    async def answer(_: Received, exchange: Exchange) -> None:
        await exchange.start(status, {})
        await exchange.send(body)
        await exchange.finish()

    return answer


def cut_after(
    sent: bytes, *, of: int, status: int = 200, headers: Mapping[str, str] | None = None
) -> Handler:
    """Announce `of` bytes, send these, and drop the connection."""

    async def answer(_: Received, exchange: Exchange) -> None:
        await exchange.start(status, {**(headers or {}), "content-length": str(of)})
        await exchange.send(sent)
        await asyncio.sleep(_LET_ARRIVE_S)
        exchange.cut()

    return answer


def part(
    content: bytes,
    begin: int,
    *,
    total: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Handler:
    """Answer 206 with the content from `begin` on."""
    size = len(content)
    content_range = f"bytes {begin}-{size - 1}/{total or size}"
    return reply(206, content[begin:], {**(headers or {}), "content-range": content_range})


async def hang_up(_: Received, exchange: Exchange) -> None:
    """Drop the connection instead of an answer."""
    exchange.cut()


async def stall(_: Received, exchange: Exchange) -> None:
    """Say nothing."""
    await asyncio.Event().wait()
    await exchange.finish()


async def endless(_: Received, exchange: Exchange) -> None:
    """Send for ever, without a length."""
    await exchange.start(200, {})
    while True:
        await exchange.send(b"x" * 2**16)


async def drip(_: Received, exchange: Exchange) -> None:
    """Send for ever, a byte at a time, with never a long silence."""
    await exchange.start(200, {})
    while True:
        await exchange.send(b" ")
        await asyncio.sleep(0.01)


@dataclass(slots=True)
class Crowd:
    """Counts how many requests are being answered at once."""

    now: int = 0
    most: int = 0
    document: Mapping[str, Sequence[object]] = field(
        default_factory=lambda: {"data": list[object]()}
    )

    async def __call__(self, received: Received, exchange: Exchange) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.01)
        self.now -= 1
        await json_reply(self.document)(received, exchange)
