"""Calls to model servers by aiohttp."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from inference.gateway.upstream import (
    CONNECT_S,
    MOST_BYTES,
    PROBE_S,
    SILENCE_S,
    BrokenOff,
    Unreached,
)
from inference.gateway.usage import USED_HEADER, usage_of
from inference.prices import Used


@dataclass(frozen=True, slots=True)
class AiohttpReply:
    """Implements `inference.gateway.upstream.Reply`."""

    response: aiohttp.ClientResponse

    @property
    def status(self) -> int:
        return self.response.status

    @property
    def is_stream(self) -> bool:
        return self.response.content_type == "text/event-stream"

    @property
    def content_type(self) -> bytes:
        return self.response.headers.get("content-type", "application/json").encode("latin-1")

    @property
    def used(self) -> Used | None:
        told = self.response.headers.get(USED_HEADER.decode())
        return None if told is None else usage_of(told.encode("latin-1", "replace"))

    @property
    def retry_after_s(self) -> float | None:
        told = self.response.headers.get("retry-after", "")
        return float(told) if told.isdecimal() and len(told) < 6 else None

    async def whole(self) -> bytes:
        parts = [part async for part in self.parts()]
        return b"".join(parts)

    def arrived(self) -> bytes:
        try:
            return self.response.content.read_nowait()
        except (aiohttp.ClientError, OSError):
            return b""

    async def parts(self) -> AsyncIterator[bytes]:
        count = 0
        try:
            async for part in self.response.content.iter_any():
                count += len(part)
                if count > MOST_BYTES:
                    raise BrokenOff
                yield part
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BrokenOff from error


class AiohttpUpstream:
    """Implements `inference.gateway.upstream.Upstream`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Take a session; use `open_upstream`."""
        self._session = session

    @asynccontextmanager
    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> AsyncGenerator[AiohttpReply]:
        """Send a request; leaving the block before the answer's end hangs up on the server.

        Raises:
            Unreached: there is no answer.
        """
        try:
            response = await self._session.post(
                url, data=body, headers=headers, allow_redirects=False
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unreached from error
        try:
            yield AiohttpReply(response)
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def is_ready(self, url: str) -> bool:
        """Tell whether the server at a URL is ready: by its models, where it knows no `/health`."""
        try:
            async with asyncio.timeout(PROBE_S):
                async with self._session.get(f"{url}/health") as response:
                    if response.status != 404:
                        return response.status == 200
                async with self._session.get(f"{url}/v1/models") as response:
                    return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


@asynccontextmanager
async def open_upstream() -> AsyncGenerator[AiohttpUpstream]:
    """Open connections that the environment adds nothing to: no proxy, no key, no cookie."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60.0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=SILENCE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
        max_line_size=65_536,
        max_field_size=65_536,
    )
    async with session:
        yield AiohttpUpstream(session)
