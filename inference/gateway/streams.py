"""A stream of events on its way from a model server to a caller."""

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from inference.gateway.thinking import Thoughts
from inference.gateway.usage import names_usage, usage_in, without_usage
from inference.prices import Used

_END: Final = b"\n\n"
_LONGEST: Final = 2**24
_USAGE: Final = b'"usage"'
_CHOICES: Final = b'"choices"'
_LAST: Final = (b"data: [DONE]", b"event: message_stop")
_NO_CHOICES: Final = re.compile(rb'"choices"\s*:\s*\[\s*\]')


class EventTooLong(Exception):
    """A server sends on and on without an end of the event."""


class Events:
    """Cuts what arrives into whole events, each with the empty line behind it."""

    def __init__(self) -> None:
        self._held = b""

    def of(self, data: bytes) -> list[bytes]:
        """Return the events that are whole now.

        Raises:
            EventTooLong: what is held back is over 16 MiB.
        """
        data = self._held + data
        if b"\r" in data:
            last = data[-1:] if data.endswith(b"\r") else b""  # half an end of a line, maybe
            data = data[: len(data) - len(last)].replace(b"\r\n", b"\n") + last
        *events, self._held = data.split(_END)
        if len(self._held) > _LONGEST:
            raise EventTooLong
        return [event + _END for event in events if event]

    @property
    def rest(self) -> bytes:
        """What came behind the last whole event."""
        return self._held


class Renaming:
    """Gives the model in an answer the name that it has here."""

    def __init__(self, *, there: str, here: str) -> None:
        self._there = re.compile(rb'"model"\s*:\s*' + re.escape(msgspec.json.encode(there)))
        self._here = b'"model":' + msgspec.json.encode(here)

    def of(self, answer: bytes) -> bytes:
        """Return the answer, or an event of it, with the name from here."""
        return self._there.sub(lambda _: self._here, answer, count=1)


@dataclass(slots=True, kw_only=True)
class Passing:
    """What happens to each event of an answer, and what the answer used so far."""

    keeps_usage: bool
    """Whether the caller asked for the usage at the end."""
    renaming: Renaming | None = None
    thoughts: Thoughts | None = None
    """Of a reasoning model."""
    is_done: bool = False
    seen: int = 0
    """Events with a piece of the answer, since what was used so far was last named."""
    named: bytes | None = None
    """The last event that names it."""

    def event(self, event: bytes) -> bytes:
        """Return an event as the caller gets it: maybe nothing."""
        if event.startswith(_LAST):
            self.is_done = True
            return event
        if self.renaming is not None:
            event = self.renaming.of(event)
        self.seen += 1
        if self.thoughts is not None:
            event = self.thoughts.in_event(event)
        if _USAGE in event and names_usage(event):
            self.named, self.seen = event, 0
            return self._with_due_usage(event)
        return event

    @property
    def used(self) -> Used:
        """What the server says was used, and a token for each event that came after that."""
        named = None if self.named is None else usage_in(self.named)
        after = Used(completion_tokens=self.seen)
        return after if named is None else named if self.is_done else named + after

    def _with_due_usage(self, event: bytes) -> bytes:
        """Return the event as OpenAI sends it: the usage comes once, at the end, if asked for."""
        if _NO_CHOICES.search(event) is not None:
            return event if self.keeps_usage else b""
        return without_usage(event) if _CHOICES in event else event
