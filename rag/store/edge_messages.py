"""What goes between a process and that of its engine: a length of 8 bytes, then a pickle."""

import pickle
import struct
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

_LENGTH: Final = struct.Struct("!Q")


class Call(NamedTuple):
    """What a method is asked."""

    number: int
    method: str
    arguments: tuple[object, ...]


class Answer(NamedTuple):
    """What the method returned or raised."""

    number: int
    result: object
    failure: BaseException | None = None


def packed(message: Call | Answer) -> bytes:
    """Return a message as it is sent."""
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


class Incoming:
    """Puts messages together from what arrives."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._rest = bytearray()

    def messages(self, data: bytes) -> Iterator[Any]:
        """Yield the messages that are whole with `data`."""
        self._rest += data
        while len(self._rest) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(self._rest)[0]
            if len(self._rest) < end:
                return
            body = bytes(self._rest[_LENGTH.size : end])
            del self._rest[:end]
            yield pickle.loads(body)  # noqa: S301 - from our own process, over a socket without a name
