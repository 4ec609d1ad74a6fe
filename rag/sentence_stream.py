"""Sentences of a text that is still being written, each with its citations."""

import re
from collections.abc import AsyncGenerator, AsyncIterator

from rag.sentences import sentence_spans

_MARKS = r"(?:[\[［【][\d\s,、，;]+[\]］】]\s*)+"
_MARKS_BEHIND_STOP = re.compile(rf"([。．.!?！？]+)[ \t]*({_MARKS})")
_OPENS_MARKS = ("[", "［", "【")


async def sentences_of(pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
    """Yield each sentence once the next one begins; citations behind its stop belong to it."""
    held = ""
    async for piece in pieces:
        complete, held = split_complete(held + piece)
        for sentence in complete:
            yield sentence
    complete, held = split_complete(held)
    for sentence in complete:
        yield sentence
    if held.strip():
        yield held.strip()


def split_complete(text: str) -> tuple[list[str], str]:
    """Return the sentences that cannot grow any more, and the text that still may.

    Citations that stand behind a full stop are moved before it, as `[1].`.
    """
    text = _MARKS_BEHIND_STOP.sub(lambda match: f"{match[2].rstrip()}{match[1]} ", text)
    spans = sentence_spans(text)
    grows = 2 if spans and text[spans[-1][0] :].startswith(_OPENS_MARKS) else 1
    complete = spans[:-grows]
    end = complete[-1][1] if complete else 0
    return [text[first:last] for first, last in complete], text[end:]
