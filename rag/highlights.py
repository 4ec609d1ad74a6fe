"""Where a passage has what a query asks for."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from rag.folded import MARKS, FoldedText, fold
from rag.models import Span
from rag.tokens import japanese, spaced

_CHUNK: Final = re.compile(rf"[^\s{japanese.JAPANESE}]+")
_GAP: Final = re.compile(rf"[\s{japanese.JAPANESE}]+")
_FOREIGN: Final = re.compile(rf"[^\x00-\x7f\s{japanese.JAPANESE}]+")
_DIGIT: Final = re.compile(r"\d")
_PART: Final = re.compile(rf"(?:[^\W_]|[{MARKS}])+")
_NAME_AND_NUMBER: Final = re.compile(r"(?<![^\W_])[^\W\d_]+ \d[^\W_]*")
_LONGEST_PHRASE: Final = 6  # words

_Place = tuple[int, int]


def highlight(query: str, texts: Sequence[str]) -> list[list[Span]]:
    """Return for each text the stretches that match the query: in order, none touching another.

    English matches by its stem, whatever its case and width; Japanese as it is written, two
    characters at least, unless the query has but one. A text that has none of the query's Japanese
    so is read with the dictionary, in which 引張り and 引っ張り are one word.
    """
    asked = _asked(query)
    return [_spans(asked, fold(text)) for text in texts]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The terms of a query."""

    words: frozenset[str]
    begun: frozenset[str]
    """The beginnings of `words`, so that few of a text's words need be stemmed."""
    numbered: re.Pattern[str] | None
    """Finds the beginnings of those with a digit; None where there are none."""
    japanese: frozenset[str]
    """In dictionary spelling."""
    spelled: re.Pattern[str] | None
    """The same as they were written, and in dictionary spelling; None where there are none."""


@lru_cache(maxsize=256)
def _asked(query: str) -> _Asked:
    folded = fold(query).text
    placed = list(japanese.placed_words(folded))
    spellings = {word for _, _, word in placed} | set(_phrases(folded, placed))
    shortest = min(2, max(map(len, spellings), default=0))
    worth = sorted((each for each in spellings if len(each) >= shortest), key=len, reverse=True)
    words = frozenset(spaced.words(folded))
    return _Asked(
        words=words,
        begun=_beginnings(words),
        numbered=_numbered(words),
        japanese=frozenset(word for _, _, word in placed),
        spelled=re.compile("|".join(map(re.escape, worth))) if worth else None,
    )


def _beginnings(words: Iterable[str]) -> frozenset[str]:
    """Return the first two letters of words without a digit: a word and its stem share them.

    But for dying, lying and tying.
    """
    return frozenset(word[:2] for word in words if word.isascii() and not _DIGIT.search(word))


def _numbered(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds the beginnings of words with a digit, in which a joint may have been."""
    begun = {r"[^\w\s]?".join(map(re.escape, word[:2])) for word in words if _DIGIT.search(word)}
    return re.compile(rf"(?:(?<![a-z])|(?=\d))(?:{'|'.join(sorted(begun))})") if begun else None


def _phrases(text: str, placed: Sequence[tuple[int, int, str]]) -> Iterator[str]:
    """Yield each word as it is written, and each row of words without anything between them."""
    for first, (start, end, _) in enumerate(placed):
        yield text[start:end]
        for before, after in pairwise(placed[first : first + _LONGEST_PHRASE]):
            if before[1] != after[0]:
                break
            yield text[start : after[1]]


def _spans(asked: _Asked, folded: FoldedText) -> list[Span]:
    text = folded.text
    found = list(_japanese_places(asked, text))
    if asked.words:
        found += _spaced_places(asked, text)
        if asked.numbered is not None:
            found += _named_places(asked, text)
    return list(_joined(folded.origin(start, end) for start, end in sorted(found)))


def _japanese_places(asked: _Asked, text: str) -> list[_Place]:
    if asked.spelled is None:
        return []
    written = [match.span() for match in asked.spelled.finditer(text)]
    return written or [
        (start, end) for start, end, word in japanese.placed_words(text) if word in asked.japanese
    ]


def _spaced_places(asked: _Asked, text: str) -> Iterator[_Place]:
    """Yield the words that match; of a compound, the parts that do, or else all of it."""
    for at, word in _chunks(asked, text):
        if asked.words.isdisjoint(_terms(word)):
            continue
        if word.isalnum():
            yield at, at + len(word)
            continue
        parts = [(at + part.start(), at + part.end()) for part in _PART.finditer(word)]
        matching = [
            (start, end)
            for start, end in parts
            if not asked.words.isdisjoint(_terms(text[start:end]))
        ]
        whole = (parts[0][0], parts[-1][1]) if parts else (at, at + len(word))
        yield from matching or [whole]


def _chunks(asked: _Asked, text: str) -> Iterator[tuple[int, str]]:
    """Yield what may match, from one space or Japanese to the next, and where it begins."""
    end = 0
    for at in _beginning_places(asked, text):
        if at < end:
            continue
        start = max(text.rfind(" ", end, at) + 1, end)
        for gap in _GAP.finditer(text, start, at):
            start = gap.end()
        if chunk := _CHUNK.match(text, start):
            end = chunk.end()
            yield start, chunk[0]


def _beginning_places(asked: _Asked, text: str) -> list[int]:
    """Return where one of the words may begin; what is no ASCII is not spelled in one way."""
    found: set[int] = set()
    if not text.isascii():
        found |= {match.start() for match in _FOREIGN.finditer(text)}
    if asked.numbered is not None:
        found |= {match.start() for match in asked.numbered.finditer(text)}
    for beginning in asked.begun:
        at = text.find(beginning)
        while at >= 0:
            if at == 0 or not "a" <= text[at - 1] <= "z":
                found.add(at)
            at = text.find(beginning, at + 1)
    return sorted(found)


def _named_places(asked: _Asked, text: str) -> Iterator[_Place]:
    """Yield names with a number that are one word only together: SUS 304 for SUS304."""
    for both in _NAME_AND_NUMBER.finditer(text):
        name, number = both[0].split(" ")
        if asked.words & (_terms(both[0]) - _terms(name) - _terms(number)):
            yield both.span()


@lru_cache(maxsize=65_536)
def _terms(word: str) -> frozenset[str]:
    return frozenset(spaced.words(word))


def _joined(places: Iterable[_Place]) -> Iterator[Span]:
    """Join places that touch; they come in order of their beginnings."""
    current: _Place | None = None
    for start, end in places:
        if current is not None and start <= current[1]:
            current = current[0], max(current[1], end)
            continue
        if current is not None:
            yield Span(start=current[0], end=current[1])
        current = start, end
    if current is not None:
        yield Span(start=current[0], end=current[1])
