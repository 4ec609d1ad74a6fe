"""Calls to model servers over HTTP, each of which may fail before or within its answer."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiohttp

from inference.gateway.usage import USED_HEADER, usage_of
from inference.prices import Used

_CONNECT_S: Final = 5.0
_SILENCE_S: Final = 600.0
"""A prompt of a hundred thousand tokens is read before the first one of the answer."""
_PROBE_S: Final = 5.0
_MOST_BYTES: Final = 2**28


class Unreached(Exception):
    """There is no answer, or one that says 'not now': another replica may be asked."""

    def __init__(self, retry_after_s: float | None = None) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class BrokenOff(Exception):
    """The answer ended in its middle, or is larger than any that was asked for."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer whose head has come."""

    response: aiohttp.ClientResponse

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return self.response.status

    @property
    def is_stream(self) -> bool:
        """Tell whether it is a stream of events."""
        return self.response.content_type == "text/event-stream"

    @property
    def content_type(self) -> bytes:
        """As the server names it."""
        return self.response.headers.get("content-type", "application/json").encode("latin-1")

    @property
    def used(self) -> Used | None:
        """What its head says was used; None: nothing."""
        told = self.response.headers.get(USED_HEADER.decode())
        return None if told is None else usage_of(told.encode("latin-1", "replace"))

    @property
    def retry_after_s(self) -> float | None:
        """When the server wants to be asked again, in seconds; None where it says no number."""
        told = self.response.headers.get("retry-after", "")
        return float(told) if told.isdecimal() and len(told) < 6 else None

    async def whole(self) -> bytes:
        """Return the body.

        Raises:
            BrokenOff: it ended in the middle, or is over 256 MiB.
        """
        parts = [part async for part in self.parts()]
        return b"".join(parts)

    def arrived(self) -> bytes:
        """Return what has come and was not looked at: of an answer that nobody waits for now."""
        try:
            return self.response.content.read_nowait()
        except (aiohttp.ClientError, OSError):
            return b""

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            BrokenOff: it ended in the middle, or is over 256 MiB.
        """
        count = 0
        try:
            async for part in self.response.content.iter_any():
                count += len(part)
                if count > _MOST_BYTES:
                    raise BrokenOff
                yield part
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BrokenOff from error


class Upstream:
    """Connections to model servers, kept open between calls."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Take a session; use `open_upstream`."""
        self._session = session

    @asynccontextmanager
    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> AsyncGenerator[Reply]:
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
            yield Reply(response)
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def is_ready(self, url: str) -> bool:
        """Tell whether the server at a URL is ready: by its models, where it knows no `/health`."""
        try:
            async with asyncio.timeout(_PROBE_S):
                async with self._session.get(f"{url}/health") as response:
                    if response.status != 404:
                        return response.status == 200
                async with self._session.get(f"{url}/v1/models") as response:
                    return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False


@asynccontextmanager
async def open_upstream() -> AsyncGenerator[Upstream]:
    """Open connections that the environment adds nothing to: no proxy, no key, no cookie."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60.0),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_SILENCE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept-Encoding"),
        max_line_size=65_536,
        max_field_size=65_536,
    )
    async with session:
        yield Upstream(session)
