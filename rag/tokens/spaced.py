"""Words of scripts that put spaces between them: Latin, Greek, Cyrillic, Devanagari."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from threading import Lock
from typing import Any, Final, cast

from rag.tokens.japanese import JAPANESE

_MARKS = r"\u0300-\u036f\u0900-\u0963\u0966-\u097f\u1cd0-\u1cff\ua8e0-\ua8ff\u200c\u200d"
"""Letters' companions that `\\w` leaves out: accents, and Devanagari's vowel and Vedic signs."""

_LETTER = rf"(?:(?![{JAPANESE}])[^\W_]|[{_MARKS}])"
_JOINTS = r"-‐–−/.'’"  # hyphen-minus, hyphen, en dash, minus; NFKC makes the others of these
_COMPOUND = re.compile(rf"{_LETTER}+(?:[{_JOINTS}]{_LETTER}+)*")
_JOINT = re.compile(rf"[{_JOINTS}]")
_JOINT_OR_POINT = re.compile(rf"[{_JOINTS.replace('.', '')}]|(?<!\d)\.|\.(?!\d)")
_DOTTED = re.compile(r"\d\.\d+\.\d")  # a date, a version: its points are no decimal points
_DECIMAL = re.compile(r"(\d+\.\d+)([^\W\d]*)")
_SPACED_NAME = re.compile(r"(?<![^\W_])([a-z]{1,4})\.? (\d+(?:\.\d+)?[a-z\d]*)(?![^\W_])")
_POSSESSIVE = re.compile(r"['’]s?$")
_MICRO = re.compile(r"\d*μ[a-z]+")  # um is typed for μm
_VEDIC_ACCENTS = re.compile(r"[\u0951-\u0954\u1cd0-\u1cff\ua8e0-\ua8f1\u200c\u200d]")

_one_at_a_time = Lock()  # a stemmer keeps its place in the word in itself

_STOP_WORDS: Final = """
a about above after again against all am an and any are as at be because been before being below
between both but by can could did do does doing down during each few for from further had has have
having he her here hers him his how i if in into is it its itself just me more most my no nor not
now of off on once only or other our out over own same she should so some such than that the their
them then there these they this those through to too under until up very was we were what when
where which while who whom why will with would you your
"""
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())
_NO_NAMES: Final = STOP_WORDS - {"no"}  # No. 12 is a name


def words(text: str) -> Iterator[str]:
    """Yield the words of `text` (NFKC, case folded): English by its stem, others as written.

    Stop words are left out. What joins parts with a digit in them is also one word without its
    joints, so that A-12 and A12 meet, and so are a few letters and the number behind them: SUS 304.
    0.05 stays whole, also where its unit follows at once. A word with diacritics or Vedic accents
    comes a second time as one without, so that agnim finds agním.
    """
    for compound in _COMPOUND.findall(text):
        if compound.isalpha():
            yield from _forms(compound)
        else:
            yield from _parts(compound)
    for letters, number in _SPACED_NAME.findall(text):
        if letters not in _NO_NAMES:
            yield letters + number


def _parts(compound: str) -> Iterator[str]:
    joint = _JOINT if _DOTTED.search(compound) else _JOINT_OR_POINT
    parts = joint.split(_POSSESSIVE.sub("", compound))
    if len(parts) > 1 and any(map(str.isdigit, compound)):
        yield "".join(parts)
    for part in parts:
        if decimal := _DECIMAL.fullmatch(part):
            yield from filter(None, decimal.groups())
        else:
            yield from _forms(part)


@lru_cache(maxsize=65_536)
def _forms(word: str) -> tuple[str, ...]:
    if not word or word in STOP_WORDS:
        return ()
    if word.isascii():
        return (_stem(word),)
    if _MICRO.fullmatch(word):
        return (word.replace("μ", "u"),)
    bare = _without_accents(word)
    return (word,) if bare == word else (word, _stem(bare))


def _stem(word: str) -> str:
    if not (word.isascii() and word.isalpha()):
        return word
    with _one_at_a_time:
        return _stemmer()(word)


def _without_accents(word: str) -> str:
    """Drop Latin diacritics and Vedic accents; Devanagari's vowel signs stay."""
    decomposed = unicodedata.normalize("NFD", _VEDIC_ACCENTS.sub("", word))
    return unicodedata.normalize("NFC", re.sub(r"[\u0300-\u036f]", "", decomposed))


@cache
def _stemmer() -> Callable[[str], str]:
    snowball: Any = import_module("snowballstemmer")  # no type stubs
    return cast("Callable[[str], str]", snowball.stemmer("english").stemWord)
