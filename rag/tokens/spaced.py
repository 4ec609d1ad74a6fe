"""Words of scripts that put spaces between them: Latin, Greek, Cyrillic, Devanagari."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, Final, cast

from rag.tokens.japanese import JAPANESE

_MARKS = r"\u0300-\u036f\u0900-\u0963\u0966-\u097f\u1cd0-\u1cff\ua8e0-\ua8ff\u200c\u200d"
"""Letters' companions that `\\w` leaves out: accents, and Devanagari's vowel and Vedic signs."""

_LETTER = rf"(?:(?![{JAPANESE}])[^\W_]|[{_MARKS}])"
_COMPOUND = re.compile(rf"{_LETTER}+(?:[-/.'’]{_LETTER}+)*")
_JOINT = re.compile(r"[-/.'’]")
_DECIMAL = re.compile(r"(\d+\.\d+)([^\W\d]*)")
_POSSESSIVE = re.compile(r"['’]s?$")
_VEDIC_ACCENTS = re.compile(r"[\u0951-\u0954\u1cd0-\u1cff\ua8e0-\ua8f1\u200c\u200d]")

_STOP_WORDS: Final = """
a about above after again against all am an and any are as at be because been before being below
between both but by can could did do does doing down during each few for from further had has have
having he her here hers him his how i if in into is it its itself just me more most my no nor not
now of off on once only or other our out over own same she should so some such than that the their
them then there these they this those through to too under until up very was we were what when
where which while who whom why will with would you your
"""
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())


def words(text: str) -> Iterator[str]:
    """Yield the words of `text` (NFKC, case folded): English by its stem, others as written.

    Stop words are left out. What joins parts with a digit in them is also one word without its
    joints, so that A-12 and A12 meet; 0.05 stays whole, also where its unit follows at once. A word
    with diacritics or Vedic accents comes a second time as one without, so that agnim finds agním.
    """
    for compound in _COMPOUND.findall(text):
        if decimal := _DECIMAL.fullmatch(compound):
            yield from filter(None, decimal.groups())
            continue
        parts = _JOINT.split(_POSSESSIVE.sub("", compound))
        if len(parts) > 1 and any(map(str.isdigit, compound)):
            yield "".join(parts)
        for part in parts:
            if part and part not in STOP_WORDS:
                yield from _forms(part)


@lru_cache(maxsize=65_536)
def _forms(word: str) -> tuple[str, ...]:
    if word.isascii():
        return (_stem(word),)
    bare = _without_accents(word)
    return (word,) if bare == word else (word, _stem(bare))


def _stem(word: str) -> str:
    return _stemmer()(word) if word.isascii() and word.isalpha() else word


def _without_accents(word: str) -> str:
    """Drop Latin diacritics and Vedic accents; Devanagari's vowel signs stay."""
    decomposed = unicodedata.normalize("NFD", _VEDIC_ACCENTS.sub("", word))
    return unicodedata.normalize("NFC", re.sub(r"[\u0300-\u036f]", "", decomposed))


@cache
def _stemmer() -> Callable[[str], str]:
    snowball: Any = import_module("snowballstemmer")  # no type stubs
    return cast("Callable[[str], str]", snowball.stemmer("english").stemWord)
