"""A request and its answer, whatever they travel over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

Headers = Sequence[tuple[bytes, bytes]]

MOST_BODY_BYTES: Final = 100 * 2**20
"""An hour of compressed speech."""
STRANGERS_BODY_BYTES: Final = 2**20
"""Of a larger body nothing is read before it is known who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request whose body was read."""

    method: str
    path: str
    headers: Mapping[bytes, bytes]
    """By lower-case name; of a name that comes twice, the last."""
    body: bytes
    id: str

    def header(self, name: bytes) -> str | None:
        """Return a header as text."""
        return text_of(self.headers, name)


def text_of(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    """Return a header as text."""
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def is_for_the_known(headers: Mapping[bytes, bytes]) -> bool:
    """Tell whether a body is so large, or of an unknown size, that it is not read for anybody."""
    length = headers.get(b"content-length", b"0")
    is_large = length.isdigit() and int(length) > STRANGERS_BODY_BYTES
    return is_large or b"transfer-encoding" in headers


class Answers(Protocol):
    """Knows what to answer, over whatever it was asked."""

    async def let_in(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """Return if a large body is worth reading: it is known who asks.

        Raises:
            Problem: it is not; the caller is to be told.
        """
        ...

    async def answer(self, request: Request, out: "Answering") -> None:
        """Answer one request.

        Raises:
            Problem: what is wrong with it; the caller is to be told.
        """
        ...


class Answering(Protocol):
    """Where an answer is sent to; each method waits while the caller reads slowly."""

    @property
    def is_begun(self) -> bool:
        """Tell whether the status was sent: what goes wrong now cannot be told by it."""
        ...

    async def start(self, status: int, headers: Headers) -> None:
        """Send the status and the headers."""
        ...

    async def write(self, data: bytes) -> None:
        """Send a part of the body."""
        ...

    async def end(self, data: bytes) -> None:
        """Send the last part of the body."""
        ...
