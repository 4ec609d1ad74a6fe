"""Leave out what a reasoning model writes between its think marks."""

from collections.abc import AsyncGenerator, AsyncIterator

_OPEN, _CLOSE = "<think>", "</think>"


async def without_reasoning(pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
    """Yield a streamed reply without its `<think>…</think>` parts, wherever its pieces are cut.

    A part that is never closed is left out to the end.
    """
    held = ""
    thinking = False
    async for piece in pieces:
        held += piece
        shown, held, thinking = _advance(held, thinking=thinking)
        if shown:
            yield shown
    if held and not thinking:
        yield held


def _advance(held: str, *, thinking: bool) -> tuple[str, str, bool]:
    """Return what may be shown now, what must wait for more, and whether the model thinks."""
    shown = ""
    while True:
        mark = _CLOSE if thinking else _OPEN
        before, found, after = held.partition(mark)
        if found:
            shown += "" if thinking else before
            held, thinking = after, not thinking
            continue
        waiting = _beginning_of(mark, held)
        if not thinking:
            shown += held[: len(held) - waiting]
        return shown, held[len(held) - waiting :], thinking


def _beginning_of(mark: str, text: str) -> int:
    """Return how many characters at the end of `text` may be the beginning of `mark`."""
    return next((size for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), 0)
