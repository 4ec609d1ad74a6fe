"""The gateway's own HTTP/1.1 server: reads requests, and writes answers as they come."""

import asyncio
import logging
import re
import socket
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from time import time
from typing import Final, cast
from uuid import uuid4

from contracts.problems import Problem
from inference.gateway.app import answer, tell
from inference.gateway.exchange import Answers, Headers, Request
from inference.gateway.wire.limits import HIGH_WATER, LOW_WATER, WireLimits
from inference.gateway.wire.request import Incoming, Requests

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9-]{8,64}")
_GO_AHEAD: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"
_LINES: Final = {each.value: f"HTTP/1.1 {each} {each.phrase}\r\n".encode() for each in HTTPStatus}
_WITHOUT_BODY: Final = frozenset({204, 304})
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class WireServer:
    """Its connections, and what answers their requests."""

    answers: Answers
    limits: WireLimits = field(default_factory=WireLimits)
    connections: "set[_Caller]" = field(default_factory=set["_Caller"])
    is_ending: bool = False
    _date: tuple[int, bytes] = (0, b"")
    _last_gone: asyncio.Event | None = None

    def connection(self) -> "_Caller":
        """Return what reads a new connection."""
        return _Caller(self)

    def date(self) -> bytes:
        """Return the header that says the second in which an answer was made."""
        second = int(time())
        if self._date[0] != second:
            self._date = second, f"date: {formatdate(second, usegmt=True)}\r\n".encode()
        return self._date[1]

    async def drain(self) -> None:
        """Let answers in flight end; who is left after that is hung up on."""
        self.is_ending = True
        for each in list(self.connections):
            each.end_if_idle()
        try:
            async with asyncio.timeout(self.limits.drain_s):
                await self._all_gone()
        except TimeoutError:
            for each in list(self.connections):
                each.abort()
            await self._all_gone()

    def gone(self, connection: "_Caller") -> None:
        """Note that a connection has ended."""
        self.connections.discard(connection)
        if self._last_gone is not None and not self.connections:
            self._last_gone.set()

    async def _all_gone(self) -> None:
        if self.connections:
            self._last_gone = asyncio.Event()
            await self._last_gone.wait()


@asynccontextmanager
async def wire_serving(
    answers: Answers, listener: socket.socket, limits: WireLimits | None = None
) -> AsyncGenerator[WireServer]:
    """Serve within the block, which lets answers in flight end."""
    server = WireServer(answers, limits or WireLimits())
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(server.connection, sock=listener)
    try:
        yield server
    finally:
        listening.close()
        await server.drain()


class _Caller(asyncio.Protocol):
    """A connection: requests are answered in their order, one after the other."""

    def __init__(self, server: WireServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._requests = Requests(server.limits, self._take)
        self._waiting: deque[Incoming] = deque()
        self._working: asyncio.Task[None] | None = None
        self._letting_in: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._writable: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waits_for = ""
        self._is_paused = False
        self._is_last = False
        """Whether nothing more is read: the connection ends with the answers to what was."""
        self._refusal: Problem | None = None
        """To be told once all before it is answered."""
        self._is_refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own is no subclass of it.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)
        self._server.connections.add(self)
        self._wait("idle", self._server.limits.idle_s)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        self._transport = None
        self._server.gone(self)
        self._stop_waiting()
        self._waiting.clear()
        self.resume_writing()
        for task in (self._working, self._letting_in):
            if task is not None:
                task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._is_last:
            return
        try:
            self._requests.feed(data)
        except Problem as problem:
            self._refuse(problem)
            return
        self._look_at_the_clock()
        current = self._requests.current
        if current is not None and current.is_for_the_known:
            current.is_for_the_known = False
            self._ask_to_let_in(current)
        elif current is not None:
            self._go_ahead(current)

    def _go_ahead(self, current: Incoming) -> None:
        if current.expects_go_ahead and self._is_next:
            current.expects_go_ahead = False
            self.write(_GO_AHEAD)

    def _ask_to_let_in(self, current: Incoming) -> None:
        """Read on once it is known who asks."""
        if self._transport is not None:
            self._transport.pause_reading()
        self._letting_in = self._loop.create_task(self._let_in(current))

    async def _let_in(self, current: Incoming) -> None:
        try:
            await self._server.answers.let_in(current.path, current.headers)
        except Problem as problem:
            self._refuse(problem)
        else:
            self._go_ahead(current)
        finally:
            self._letting_in = None
            self._read_on()

    def _read_on(self) -> None:
        if self._transport is not None and not self._is_paused and self._letting_in is None:
            self._transport.resume_reading()

    def eof_received(self) -> None:
        """Stop working for a caller who hung up; one half of a connection is not left open."""
        if self._working is not None:
            self.abort()

    def pause_writing(self) -> None:
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def write(self, data: bytes) -> None:
        """Send; see `drained`."""
        if self._transport is not None:
            self._transport.write(data)

    async def drained(self) -> None:
        """Wait while the caller reads more slowly than is written."""
        if self._writable is not None:
            await asyncio.shield(self._writable)

    def end_if_idle(self) -> None:
        """Hang up on who has asked nothing."""
        self._is_last = True
        if self._working is None and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Hang up now."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def _is_next(self) -> bool:
        """Whether nobody is answered before what comes now."""
        return self._working is None and not self._waiting

    def _take(self, incoming: Incoming) -> None:
        if self._is_last:
            return
        if not incoming.keeps_open:
            self._is_last = True
        self._waiting.append(incoming)
        if len(self._waiting) >= self._server.limits.waiting and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        if self._working is None:
            self._work()

    def _work(self) -> None:
        self._working = self._loop.create_task(self._answer_all())
        self._working.add_done_callback(self._worked)

    async def _answer_all(self) -> None:
        while self._waiting:
            incoming = self._waiting.popleft()
            if self._is_paused:
                self._is_paused = False
                self._read_on()
            await _answer(self._server, self, incoming, is_last=self._ends_after(incoming))
        if self._refusal is not None:
            refusal, self._refusal, self._is_refused = self._refusal, None, True
            await _tell_refusal(self._server, self, refusal)

    def _ends_after(self, incoming: Incoming) -> bool:
        return not incoming.keeps_open or (self._server.is_ending and not self._waiting)

    def _worked(self, task: "asyncio.Task[None]") -> None:
        self._working = None
        if self._transport is None:
            return
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("An answer ended with %s", type(error).__name__)
            self.abort()
        elif self._waiting or self._refusal is not None:
            self._work()  # they came after the last answer, and before this was called
        elif self._is_refused:
            # Who still sends would lose the refusal with the connection: let them read it first.
            self._transport.write_eof()
            self._wait("refused", self._server.limits.linger_s)
        elif self._is_last or self._server.is_ending:
            self._transport.close()
        else:
            self._look_at_the_clock()

    def _refuse(self, problem: Problem) -> None:
        """Say what is wrong once all before it is answered, and read no more."""
        self._is_last = True
        self._stop_waiting()
        self._refusal = problem
        if self._working is None:
            self._work()

    def _look_at_the_clock(self) -> None:
        """Give the caller as long as what is read now may take; an answer takes what it takes."""
        limits, current = self._server.limits, self._requests.current
        if self._working is not None:
            self._stop_waiting()
        elif current is None:
            self._wait("idle", limits.idle_s)
        elif not current.has_head:
            self._wait("head", limits.head_s)
        else:
            self._stop_waiting()  # each piece of a body buys time for the next one
            self._wait("body", limits.body_s)

    def _wait(self, what: str, within_s: float) -> None:
        if self._waits_for == what:
            return
        self._stop_waiting()
        self._waits_for = what
        self._timer = self._loop.call_later(within_s, self._too_slow)

    def _stop_waiting(self) -> None:
        self._waits_for = ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._transport is not None:
            self._transport.close()


class _Out:
    """Implements `inference.gateway.exchange.Answering` on a connection."""

    def __init__(
        self, server: WireServer, caller: _Caller, incoming: Incoming | None, *, is_last: bool
    ) -> None:
        self._server = server
        self._caller = caller
        self._is_head = incoming is not None and incoming.method == "HEAD"
        self._is_chunked = incoming is None or incoming.is_chunked_allowed
        self._is_last = is_last or not self._is_chunked
        self._head: bytes | None = None
        """Not sent yet: with the whole answer at hand its length can be told."""
        self.request_id = ""
        self.is_begun = False

    async def start(self, status: int, headers: Headers) -> None:
        self.is_begun = True
        lines = [_LINES.get(status, b"HTTP/1.1 %d \r\n" % status), self._server.date()]
        lines += [b"%b: %b\r\n" % header for header in headers]
        lines.append(b"x-request-id: %b\r\n" % self.request_id.encode())
        if self._is_last:
            lines.append(b"connection: close\r\n")
        self._head = b"".join(lines)
        self._has_body = status not in _WITHOUT_BODY and not self._is_head

    async def write(self, data: bytes) -> None:
        if not data:
            return
        self._caller.write(self._begun() + self._framed(data))
        await self._caller.drained()

    async def end(self, data: bytes) -> None:
        if self._head is not None:
            head, self._head = self._head, None
            length = b"content-length: %d\r\n\r\n" % len(data)
            self._caller.write(head + length + (data if self._has_body else b""))
            return
        ending = _LAST_CHUNK if self._is_chunked and self._has_body else b""
        self._caller.write((self._framed(data) if data else b"") + ending)

    def _begun(self) -> bytes:
        if self._head is None:
            return b""
        head, self._head = self._head, None
        return head + (b"transfer-encoding: chunked\r\n\r\n" if self._is_chunked else b"\r\n")

    def _framed(self, data: bytes) -> bytes:
        if not self._has_body:
            return b""
        return b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data


async def _answer(
    server: WireServer, caller: _Caller, incoming: Incoming, *, is_last: bool
) -> None:
    out = _Out(server, caller, incoming, is_last=is_last)
    given = incoming.headers.get(b"x-request-id", b"")
    out.request_id = given.decode() if _REQUEST_ID.fullmatch(given) else uuid4().hex
    try:
        request = Request(
            method=incoming.method,
            path=incoming.path,
            headers=incoming.headers,
            body=incoming.body,
            id=out.request_id,
        )
    except Problem as problem:
        await tell(problem, out, "")
        return
    await answer(server.answers, request, out)


async def _tell_refusal(server: WireServer, caller: _Caller, problem: Problem) -> None:
    out = _Out(server, caller, None, is_last=True)
    out.request_id = uuid4().hex
    await tell(problem, out, "")
