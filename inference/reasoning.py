"""Tell what a reasoning model thinks, between its think marks, from what it says."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

_OPEN, _CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Split:
    """A part of a reply."""

    thought: str
    said: str


class Splitter:
    """Splits a reply that comes in pieces, wherever they are cut; no mark is in what it returns.

    A part that is never closed is thought to the end.
    """

    def __init__(self, *, begins_thinking: bool = False) -> None:
        """Begin with thinking where the model's template has opened the mark already."""
        self._held = ""
        self._is_thinking = begins_thinking

    def feed(self, piece: str) -> Split:
        """Return what is certain now; what may be the beginning of a mark waits for more."""
        self._held += piece
        parts: dict[bool, str] = {False: "", True: ""}
        while True:
            mark = _CLOSE if self._is_thinking else _OPEN
            before, found, after = self._held.partition(mark)
            if not found:
                break
            parts[self._is_thinking] += before
            self._held, self._is_thinking = after, not self._is_thinking
        waiting = _beginning_of(mark, self._held)
        parts[self._is_thinking] += self._held[: len(self._held) - waiting]
        self._held = self._held[len(self._held) - waiting :]
        return Split(thought=parts[True], said=parts[False])

    def end(self) -> Split:
        """Return what waited: it was no mark."""
        held, self._held = self._held, ""
        return Split(thought=held, said="") if self._is_thinking else Split(thought="", said=held)


def split(text: str, *, begins_thinking: bool = False) -> Split:
    """Split a whole reply."""
    splitter = Splitter(begins_thinking=begins_thinking)
    most, rest = splitter.feed(text), splitter.end()
    return Split(thought=most.thought + rest.thought, said=most.said + rest.said)


async def without_reasoning(pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
    """Yield a streamed reply without its `<think>…</think>` parts."""
    splitter = Splitter()
    async for piece in pieces:
        if said := splitter.feed(piece).said:
            yield said
    if said := splitter.end().said:
        yield said


def _beginning_of(mark: str, text: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `mark`."""
    return next((size for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), 0)
