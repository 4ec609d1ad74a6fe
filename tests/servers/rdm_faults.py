"""What can go wrong between a client and RDM: a script of faults for the stand-in.

rdm.faults.add(Fault(Refuse(503), host="api", path=r"/logs/", times=2))
file = world.put("abc12", "/実験/図.pdf", content)
rdm.faults.add(Fault(CutOff(after_bytes=10), host="files", path=file.entry_id))

On osfstorage, as in RDM, requests name files by ids; on other storages by their paths.
A listing that lies (size, hash, names) is no fault of the line: see `RdmWorld.disguise`.
"""

import asyncio
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from tests.servers.loopback import Exchange
from tests.servers.rdm_replies import HostRole, Reply, Request, error_of

PROXY_PAGE: Final = "<!DOCTYPE html><title>Proxy</title><p>認証が必要です。</p>".encode()
"""What a proxy or a captive portal answers, with whatever status."""
_LET_ARRIVE_S: Final = 0.02
"""An abort discards what is still buffered."""

Answer = Callable[[Request], Reply]
"""What the server says when nothing goes wrong."""


class Effect(Protocol):
    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        """Deal with one request: ask the server or not, send all, a part or something else."""
        ...


@dataclass(frozen=True, slots=True)
class Nothing:
    """Answer as it should be."""

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        await _send(exchange, answer(request))


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with this status, and an error in the host's own form unless a body is given."""

    status: int
    body: bytes | None = None
    content_type: str = "text/html; charset=utf-8"
    retry_after: str | None = None

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:  # noqa: ARG002 - the server is not asked
        reply = error_of(request.host, self.status, "told to refuse")
        if self.body is not None:
            reply = Reply(self.status, {"content-type": self.content_type}, self.body)
        waiting = {} if self.retry_after is None else {"retry-after": self.retry_after}
        await _send(exchange, replace(reply, headers={**reply.headers, **waiting}))


@dataclass(frozen=True, slots=True)
class Replace:
    """Answer 200 with this body: by default JSON that stops in the middle."""

    body: bytes = b'{"data": [{"id": "abc'
    content_type: str = "application/json"

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:  # noqa: ARG002 - the server is not asked
        await exchange.answer(200, {"content-type": self.content_type}, self.body)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send the client somewhere else."""

    location: str
    status: int = 302

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:  # noqa: ARG002 - the server is not asked
        await exchange.answer(self.status, {"location": self.location}, b"")


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait, then answer as usual."""

    seconds: float

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        await asyncio.sleep(self.seconds)
        await _send(exchange, answer(request))


@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing more: from the start, or after the head and this many bytes of the body."""

    after_bytes: int | None = None

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        if self.after_bytes is not None:
            await _begin(exchange, answer(request), self.after_bytes)
        await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class CutOff:
    """Drop the connection: at once, or after the head and this many bytes of the body."""

    after_bytes: int | None = None

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        if self.after_bytes is not None:
            await _begin(exchange, answer(request), self.after_bytes)
            await asyncio.sleep(_LET_ARRIVE_S)
        exchange.cut()


@dataclass(frozen=True, slots=True)
class Truncate:
    """Send only the beginning, with a length that fits it: a shorter file, well framed."""

    to_bytes: int

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        reply = answer(request)
        await _send(exchange, replace(reply, body=reply.body[: self.to_bytes]))


@dataclass(frozen=True, slots=True)
class Change:
    """Send so many bytes as there are, but the last one is another: content that was damaged."""

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        reply = answer(request)
        damaged = reply.body[:-1] + bytes(255 - byte for byte in reply.body[-1:])
        await _send(exchange, replace(reply, body=damaged))


@dataclass(frozen=True, slots=True)
class Drip:
    """Send the body in pieces, slowly."""

    piece_bytes: int
    pause_s: float

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        reply = answer(request)
        await _start(exchange, reply, len(reply.body))
        for at in range(0, len(reply.body), self.piece_bytes):
            await exchange.send(reply.body[at : at + self.piece_bytes])
            await asyncio.sleep(self.pause_s)
        await exchange.finish()


@dataclass(frozen=True, slots=True)
class WrongLength:
    """Promise so many bytes more than are sent, or fewer; then close the connection."""

    by: int

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        reply = answer(request)
        promised = len(reply.body) + self.by
        await _start(exchange, reply, promised)
        await exchange.send(reply.body[:promised])
        await exchange.send_stray(reply.body[promised:])


@dataclass(frozen=True, slots=True)
class NoLength:
    """Send the body without saying how long it is."""

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        await _send(exchange, replace(answer(request), is_chunked=True))


@dataclass(frozen=True, slots=True)
class Endless:
    """Send the answer without a length, and then this filler until the client leaves."""

    filler: bytes = b" " * 65536

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        reply = answer(request)
        await exchange.start(reply.status, reply.headers)
        await exchange.send(reply.body)
        while True:
            await exchange.send(self.filler)
            await asyncio.sleep(0)


@dataclass(frozen=True, slots=True)
class GzipBomb:
    """Answer with a small packed body that unpacks to so many zeros, in whole mebibytes."""

    unpacked_bytes: int = 2**30

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
        zeros = bytes(2**20)
        await exchange.start(200, {**answer(request).headers, "content-encoding": "gzip"})
        for _ in range(self.unpacked_bytes // len(zeros)):
            await exchange.send(packer.compress(zeros))
        await exchange.send(packer.flush())
        await exchange.finish()


@dataclass(frozen=True, slots=True)
class WrongRange:
    """Claim to send another part of the file than was asked for."""

    content_range: str

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        reply = answer(request)
        headers = {**reply.headers, "content-range": self.content_range}
        await _send(exchange, replace(reply, headers=headers))


@dataclass(frozen=True, slots=True)
class IgnoreRange:
    """Send the whole file with 200 where a part was asked for."""

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        headers = {name: value for name, value in request.headers.items() if name != "range"}
        await _send(exchange, answer(replace(request, headers=headers)))


@dataclass(frozen=True, slots=True)
class Fault:
    """Which requests are met, and with what."""

    effect: Effect
    host: HostRole | None = None
    path: str = ""
    """Regular expression, searched in the decoded path with its query."""
    skip: int = 0
    """So many of the requests pass unharmed first."""
    times: int | None = 1
    """So many are met; None: all from then on."""

    def fits(self, request: Request) -> bool:
        if self.host is not None and self.host != request.host:
            return False
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        return (
            re.search(self.path, f"{request.path}?{query}" if query else request.path) is not None
        )

    def is_over(self, seen: int) -> bool:
        return self.times is not None and seen >= self.skip + self.times


class Faults:
    """The script: the first fault that fits a request, and is not over, meets it."""

    def __init__(self) -> None:
        self._seen: list[tuple[Fault, int]] = []

    def add(self, *faults: Fault) -> None:
        self._seen.extend((fault, 0) for fault in faults)

    def clear(self) -> None:
        self._seen.clear()

    @property
    def are_over(self) -> bool:
        """Whether every fault that ends has met all its requests."""
        return all(fault.times is None or fault.is_over(seen) for fault, seen in self._seen)

    def effect_on(self, request: Request) -> Effect:
        """Return what this request meets, and count it."""
        for at, (fault, seen) in enumerate(self._seen):
            if fault.is_over(seen) or not fault.fits(request):
                continue
            self._seen[at] = (fault, seen + 1)
            if seen >= fault.skip:
                return fault.effect
        return Nothing()


async def _send(exchange: Exchange, reply: Reply) -> None:
    if not reply.is_chunked:
        await exchange.answer(reply.status, reply.headers, reply.body)
        return
    await exchange.start(reply.status, reply.headers)
    await exchange.send(reply.body)
    await exchange.finish()


async def _begin(exchange: Exchange, reply: Reply, after_bytes: int) -> None:
    await _start(exchange, reply, len(reply.body))
    await exchange.send(reply.body[:after_bytes])


async def _start(exchange: Exchange, reply: Reply, length: int) -> None:
    await exchange.start(reply.status, {**reply.headers, "content-length": str(length)})
