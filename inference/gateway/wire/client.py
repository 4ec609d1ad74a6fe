"""Calls to model servers over connections of our own, kept open between calls."""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import SplitResult, urlsplit

import httptools

from inference.gateway.upstream import (
    CONNECT_S,
    MOST_BYTES,
    PROBE_S,
    SILENCE_S,
    BrokenOff,
    Unreached,
)
from inference.gateway.usage import USED_HEADER, usage_of
from inference.gateway.wire.limits import HIGH_WATER, LOW_WATER
from inference.prices import Used

_IDLE_S: Final = 60.0
_MOST_HEAD_BYTES: Final = 64 * 2**10
_PORTS: Final = {"http": 80, "https": 443}

Origin = tuple[str, str, int]
"""Scheme, host, port."""


class _Garbled(OSError):
    """What the server sends is no HTTP, or not what was asked for."""


class _Connection(asyncio.Protocol):
    """A connection to a model server: one request at a time, its answer as it comes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._is_paused = False
        self.idle_since = 0.0
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.headers: dict[bytes, bytes] = {}
        self.status = 0
        self._head_bytes = 0
        self._parts: deque[bytes] = deque()
        self._waiting_bytes = 0
        self.is_whole = False
        self.keeps_open = False
        self._failure: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own is no subclass of it.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if not self.is_whole:
            # An answer without a length ends with its connection.
            if exc is None and self.status and not self._has_length:
                self.is_whole = True
            else:
                self._failure = exc or ConnectionResetError()
        self._wake()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(_Garbled())
        self._wake()

    def on_message_begin(self) -> None:
        if self.is_whole:
            raise ValueError("an answer that nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _MOST_HEAD_BYTES:
            raise ValueError("the head is too long")
        self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # 100 Continue and its like: the answer comes behind it
            self.headers.clear()
            return
        self.status = status
        self.keeps_open = self._parser.should_keep_alive() and self._has_length

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)
        self._waiting_bytes += len(body)
        if self._waiting_bytes > HIGH_WATER and not self._is_paused and self._transport:
            self._is_paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if not self.status:
            return
        self.is_whole = True

    @property
    def _has_length(self) -> bool:
        return b"content-length" in self.headers or b"transfer-encoding" in self.headers

    @property
    def is_usable(self) -> bool:
        """Tell whether another request may be sent on it."""
        if self._transport is None or self._failure is not None:
            return False
        is_sent = not self._transport.get_write_buffer_size()
        return self.is_whole and self.keeps_open and is_sent

    def send(self, data: bytes) -> None:
        """Send a request."""
        self._begin()
        if self._transport is None:
            raise ConnectionResetError
        self._go_on()  # the answer before this one may have been left unread
        self._transport.write(data)

    async def head(self) -> None:
        """Wait for the head of the answer."""
        while not self.status:
            await self._next()

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes."""
        while True:
            while self._parts:
                part = self._parts.popleft()
                self._waiting_bytes -= len(part)
                self._go_on()
                yield part
            if self.is_whole:
                return
            await self._next()

    def arrived(self) -> bytes:
        """Return what has come and was not looked at."""
        arrived = b"".join(self._parts)
        self._parts.clear()
        return arrived

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    async def _next(self) -> None:
        """Wait until something comes.

        Raises:
            OSError: nothing more will come, or nothing came for too long.
        """
        if self._failure is not None:
            raise self._failure
        self._news = self._loop.create_future()
        silence = self._loop.call_later(SILENCE_S, self._fail, TimeoutError())
        try:
            await self._news
        finally:
            silence.cancel()
            self._news = None

    def _go_on(self) -> None:
        if self._is_paused and self._waiting_bytes < LOW_WATER and self._transport:
            self._is_paused = False
            self._transport.resume_reading()

    def _fail(self, error: Exception) -> None:
        self._failure = error
        self._wake()
        self.close()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


@dataclass(frozen=True, slots=True)
class WireReply:
    """Implements `inference.gateway.upstream.Reply`."""

    connection: _Connection

    @property
    def status(self) -> int:
        return self.connection.status

    @property
    def is_stream(self) -> bool:
        return self.content_type.partition(b";")[0].strip().lower() == b"text/event-stream"

    @property
    def content_type(self) -> bytes:
        return self.connection.headers.get(b"content-type", b"application/json")

    @property
    def used(self) -> Used | None:
        told = self.connection.headers.get(USED_HEADER)
        return None if told is None else usage_of(told)

    @property
    def retry_after_s(self) -> float | None:
        told = self.connection.headers.get(b"retry-after", b"")
        return float(told) if told.isdigit() and len(told) < 6 else None

    async def whole(self) -> bytes:
        parts = [part async for part in self.parts()]
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def arrived(self) -> bytes:
        return self.connection.arrived()

    async def parts(self) -> AsyncIterator[bytes]:
        count = 0
        try:
            async for part in self.connection.parts():
                count += len(part)
                if count > MOST_BYTES:
                    raise BrokenOff
                yield part
        except OSError as error:
            raise BrokenOff from error


class WireUpstream:
    """Implements `inference.gateway.upstream.Upstream`."""

    def __init__(self) -> None:
        """Begin without a connection; use `open_wire_upstream`."""
        self._loop = asyncio.get_running_loop()
        self._idle: dict[Origin, deque[_Connection]] = {}
        self._heads: dict[str, tuple[Origin, str]] = {}
        self._tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> AsyncGenerator[WireReply]:
        """Send a request; leaving the block before the answer's end hangs up on the server.

        Raises:
            Unreached: there is no answer.
        """
        origin, line = self._asked(url)
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {line}{told}Content-Length: {len(body)}\r\n\r\n"
        connection = await self._answering(origin, head.encode("latin-1") + body)
        try:
            yield WireReply(connection)
        finally:
            self._put_back(origin, connection)

    async def is_ready(self, url: str) -> bool:
        """Tell whether the server at a URL is ready: by its models, where it knows no `/health`."""
        try:
            async with asyncio.timeout(PROBE_S):
                status = await self._status_of(f"{url}/health")
                return (
                    status if status != 404 else await self._status_of(f"{url}/v1/models")
                ) == 200
        except (Unreached, BrokenOff, TimeoutError):
            return False

    def close(self) -> None:
        """Hang up on all that is idle."""
        for waiting in self._idle.values():
            for connection in waiting:
                connection.close()
        self._idle.clear()

    async def _status_of(self, url: str) -> int:
        origin, line = self._asked(url)
        connection = await self._answering(origin, f"GET {line}\r\n".encode("latin-1"))
        try:
            await WireReply(connection).whole()
            return connection.status
        finally:
            self._put_back(origin, connection)

    async def _answering(self, origin: Origin, request: bytes) -> _Connection:
        """Send a request, and return its connection once the head of the answer has come.

        A server may hang up on an idle connection just now: then it is asked on a new one.
        """
        while (connection := self._taken(origin)) is not None:
            if await self._is_answered(connection, request):
                return connection
        connection = await self._connected(origin)
        if await self._is_answered(connection, request):
            return connection
        raise Unreached

    async def _is_answered(self, connection: _Connection, request: bytes) -> bool:
        try:
            connection.send(request)
            await connection.head()
        except ConnectionError:
            connection.close()
            return False
        except OSError as error:
            connection.close()
            raise Unreached from error
        except BaseException:
            connection.close()
            raise
        return True

    async def _connected(self, origin: Origin) -> _Connection:
        scheme, host, port = origin
        if scheme == "https" and self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        tls = self._tls if scheme == "https" else None
        try:
            async with asyncio.timeout(CONNECT_S):
                _, connection = await self._loop.create_connection(
                    lambda: _Connection(self._loop), host, port, ssl=tls
                )
        except (OSError, TimeoutError) as error:
            raise Unreached from error
        return connection

    def _taken(self, origin: Origin) -> _Connection | None:
        waiting = self._idle.get(origin)
        while waiting:
            connection = waiting.pop()
            if connection.is_usable and self._loop.time() - connection.idle_since < _IDLE_S:
                return connection
            connection.close()
        return None

    def _put_back(self, origin: Origin, connection: _Connection) -> None:
        if not connection.is_usable:
            connection.close()
            return
        connection.idle_since = self._loop.time()
        self._idle.setdefault(origin, deque()).append(connection)

    def _asked(self, url: str) -> tuple[Origin, str]:
        """Return where a URL is asked, and the request line behind the method, with its host."""
        known = self._heads.get(url)
        if known is None:
            parts = urlsplit(url)
            origin = _origin(parts)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            known = self._heads[url] = origin, f"{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        return known


def _origin(parts: SplitResult) -> Origin:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80)


@asynccontextmanager
async def open_wire_upstream() -> AsyncGenerator[WireUpstream]:
    """Open connections that the environment adds nothing to."""
    upstream = WireUpstream()
    try:
        yield upstream
    finally:
        upstream.close()
