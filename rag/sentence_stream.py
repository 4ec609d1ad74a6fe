"""Sentences of a text that is still being written, each with its citations."""

import re
from collections.abc import AsyncGenerator, AsyncIterator

from rag.sentences import split_sentences

_STOP = r"(?:[。．！？]|[.!?]+)[」』）〉》)\"'”’]*"
_MARK = r"[\[［【][\d \t,、，;]+[\]］】]"
_MARKS_BEHIND_STOP = re.compile(rf"({_STOP})[ \t]*({_MARK}(?:[ \t]*{_MARK})*)[ \t]*")
_BETWEEN_MARKS = re.compile(r"[ \t]+(?=[\[［【])")
_OPENS_MARKS = ("[", "［", "【")


async def sentences_of(pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
    """Yield each sentence once the next one begins; citations behind its stop belong to it.

    However the text is cut into pieces, the sentences are the same. Each piece has the whole text
    looked at again: that is for answers, not for books.
    """
    text, given = "", 0
    async for piece in pieces:
        text += piece
        for sentence in _complete(text)[given:]:
            given += 1
            yield sentence
    for sentence in _sentences(text)[given:]:
        yield sentence


def _complete(text: str) -> list[str]:
    """Return the sentences that no further text can change."""
    sentences = _sentences(text)
    grow = 2 if sentences and sentences[-1].startswith(_OPENS_MARKS) else 1
    return sentences[:-grow]


def _sentences(text: str) -> list[str]:
    """Split `text` with the citations behind a full stop moved before it, as `[1].`."""
    return split_sentences(_MARKS_BEHIND_STOP.sub(_marks_first, text))


def _marks_first(match: re.Match[str]) -> str:
    return f"{_BETWEEN_MARKS.sub('', match[2])}{match[1]} "
