"""An HTTP/1.1 server on 127.0.0.1 that leaves every answer, also a broken one, to its handler."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import h11


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came in; header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the client sent
        return json.loads(self.body)


class HungUp(Exception):
    """The client closed the connection, or the handler cut it."""


class Exchange:
    """Writes one response: `start`, any number of `send`, `finish`; or `cut` at any point."""

    def __init__(
        self,
        protocol: h11.Connection,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._protocol = protocol
        self._reader = reader
        self._writer = writer

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self._write(h11.Response(status_code=status, headers=sent))

    async def send(self, body: bytes) -> None:
        await self._write(h11.Data(data=body))

    async def finish(self) -> None:
        await self._write(h11.EndOfMessage())

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        await self.start(status, {**headers, "content-length": str(len(body))})
        await self.send(body)
        await self.finish()

    async def send_stray(self, body: bytes) -> None:
        """Send bytes that no framing announces, after what was promised."""
        self._writer.write(body)
        with suppress(ConnectionError):  # the client need not wait for them
            await self._writer.drain()

    def cut(self) -> None:
        """Drop the connection where it is, as a killed server does."""
        self._writer.transport.abort()
        raise HungUp

    async def _write(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        if self._writer.is_closing() or self._reader.at_eof():
            raise HungUp
        self._writer.write(self._protocol.send(event) or b"")
        with suppress(ConnectionError):  # seen at the next write
            await self._writer.drain()


Handler = Callable[[Received, Exchange], Awaitable[None]]


@asynccontextmanager
async def serve_loopback(handler: Handler, *, port: int = 0) -> AsyncGenerator[str]:
    """Serve on this port, or on a free one; yields `http://127.0.0.1:PORT`.

    Leaving drops open exchanges; if the handler raised, the first of its errors rises here.
    """
    talks: set[asyncio.Task[None]] = set()
    errors: list[BaseException] = []

    def ended(talk: asyncio.Task[None]) -> None:
        talks.discard(talk)
        if not talk.cancelled() and (error := talk.exception()) is not None:
            errors.append(error)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(_talk(reader, writer, handler))
        talks.add(talk)
        talk.add_done_callback(ended)

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()
    if errors:
        raise errors[0]


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler
) -> None:
    protocol = h11.Connection(h11.SERVER)
    try:
        while (received := await _receive(protocol, reader)) is not None:
            await handler(received, Exchange(protocol, reader, writer))
            if protocol.our_state is not h11.DONE or protocol.their_state is not h11.DONE:
                return
            protocol.start_next_cycle()
    except HungUp:
        return
    finally:
        writer.close()


async def _receive(protocol: h11.Connection, reader: asyncio.StreamReader) -> Received | None:
    """Return the next request; None where the client is done or gone."""
    request: h11.Request | None = None
    body = b""
    while True:
        try:
            event = protocol.next_event()
            if event is h11.NEED_DATA:
                protocol.receive_data(await reader.read(65536))
                continue
        except (ConnectionError, h11.RemoteProtocolError):
            return None
        if isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return _received(request, body)
        else:
            return None


def _received(request: h11.Request, body: bytes) -> Received:
    headers = {name.decode(): value.decode() for name, value in request.headers}
    return Received(request.method.decode(), request.target.decode(), headers, body)
