"""An answer of a server that is given up when it is larger than any that was asked for."""

from collections.abc import AsyncIterator
from typing import Final

import httpx2

MOST_BYTES: Final = 2**28
"""The vectors of 16,384 tokens with 1024 numbers each, in base64, are a third of it."""


class AnswerTooLarge(httpx2.HTTPError):
    """The server sent more than `MOST_BYTES`, or nobody can tell."""


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for part in self._inner:
            read += len(part)
            if read > MOST_BYTES:
                raise AnswerTooLarge(f"more than {MOST_BYTES} bytes")
            yield part

    async def aclose(self) -> None:
        await self._inner.aclose()


async def bound(response: httpx2.Response) -> None:
    """Let the body of a response end at `MOST_BYTES`; a hook of the client's.

    Raises:
        AnswerTooLarge: it is compressed, which nobody asked for: nobody knows how long it is.
    """
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise AnswerTooLarge("it is compressed")
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)
