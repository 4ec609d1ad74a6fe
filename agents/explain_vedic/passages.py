"""Cut a reading into the verses it may hold, and put the matches together."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agents.explain_vedic.devanagari import DIGITS, DOUBLE_DANDA
from agents.explain_vedic.matching import Match

_VERSE_END = re.compile(f"{DOUBLE_DANDA}[{DIGITS}\\s]*{DOUBLE_DANDA}?|(?<=\\s)[{DIGITS}]+(?=\\s|$)")
_PART_END = re.compile("[।\n]+")

FindVerse = Callable[[str], Match | None]


@dataclass(frozen=True, slots=True)
class MatchedPassage:
    """A stretch of the reading and the verse it agrees with."""

    reading: str
    match: Match


def match_passages(reading: str, find: FindVerse) -> list[MatchedPassage]:
    """Match each verse of a normalised reading; one that agrees with none is tried by its parts.

    Neighbouring parts of the same verse are one passage, with the better of their scores.
    """
    found: list[MatchedPassage] = []
    for verse in _verses(reading):
        whole = find(verse)
        parts = _match_parts(verse, find) if whole is None else [MatchedPassage(verse, whole)]
        for passage in parts:
            _add(found, passage)
    return found


def _verses(reading: str) -> Iterator[str]:
    pieces = (piece.strip(" \n।") for piece in _VERSE_END.split(reading))
    yield from (piece for piece in pieces if piece)


def _match_parts(verse: str, find: FindVerse) -> list[MatchedPassage]:
    parts = [part.strip() for part in _PART_END.split(verse) if part.strip()]
    if len(parts) < 2:
        return []
    matched = [(part, find(part)) for part in parts]
    return [MatchedPassage(part, match) for part, match in matched if match is not None]


def _add(found: list[MatchedPassage], passage: MatchedPassage) -> None:
    before = found[-1] if found else None
    if before is None or before.match.verse.locus != passage.match.verse.locus:
        found.append(passage)
        return
    better = max(before.match, passage.match, key=lambda match: match.score)
    found[-1] = MatchedPassage(f"{before.reading}\n{passage.reading}", better)
