"""Calls to model servers over HTTP, each of which may fail before or within its answer."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from inference.prices import Used

CONNECT_S: Final = 5.0
SILENCE_S: Final = 600.0
"""A prompt of a hundred thousand tokens is read before the first one of the answer."""
PROBE_S: Final = 5.0
MOST_BYTES: Final = 2**28


class Unreached(Exception):
    """There is no answer, or one that says 'not now': another replica may be asked."""

    def __init__(self, retry_after_s: float | None = None) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class BrokenOff(Exception):
    """The answer ended in its middle, or is larger than any that was asked for."""


class Reply(Protocol):
    """An answer whose head has come."""

    @property
    def status(self) -> int:
        """Its HTTP status."""
        ...

    @property
    def is_stream(self) -> bool:
        """Tell whether it is a stream of events."""
        ...

    @property
    def content_type(self) -> bytes:
        """As the server names it."""
        ...

    @property
    def used(self) -> Used | None:
        """What its head says was used; None: nothing."""
        ...

    @property
    def retry_after_s(self) -> float | None:
        """When the server wants to be asked again, in seconds; None where it says no number."""
        ...

    async def whole(self) -> bytes:
        """Return the body.

        Raises:
            BrokenOff: it ended in the middle, or is over 256 MiB.
        """
        ...

    def arrived(self) -> bytes:
        """Return what has come and was not looked at: of an answer that nobody waits for now."""
        ...

    def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises:
            BrokenOff: it ended in the middle, or is over 256 MiB.
        """
        ...


class Upstream(Protocol):
    """Connections to model servers, kept open between calls."""

    def post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[Reply]:
        """Send a request; leaving the block before the answer's end hangs up on the server.

        Raises:
            Unreached: there is no answer.
        """
        ...

    async def is_ready(self, url: str) -> bool:
        """Tell whether the server at a URL is ready: by its models, where it knows no `/health`."""
        ...
