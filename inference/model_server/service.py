"""What a task gives the server: a model to load, and paths that it answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from inference.model_server.posted import Posted

JSON: Final = b"application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with status 200."""

    body: bytes
    content_type: bytes = JSON
    used: Mapping[str, object] | None = None
    """What was used, of a body that has no place for it; it goes into a header."""


Route = Callable[[Posted], Awaitable[Answer]]


class Service(Protocol):
    """A model, and what it answers. A route is called in its turn, once the model is loaded."""

    async def load(self) -> None:
        """Load the model.

        Raises:
            Problem: it cannot be loaded.
        """
        ...

    def routes(self) -> Mapping[str, Route]:
        """Return what answers a POST, by its path."""
        ...


def as_json(value: object) -> Answer:
    """Return a value of plain types, or of dataclasses, as an answer."""
    return Answer(msgspec.json.encode(value))
