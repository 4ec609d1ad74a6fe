"""Guess a text's language from its script, and how much of a query a model understands."""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from typing import Final

MULTILINGUAL: Final = "*"

_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々〆]")
_DEVANAGARI = re.compile(r"[\u0900-\u097f\ua8e0-\ua8ff]")
_LETTER = re.compile(r"[^\W\d_]")
_TOKEN = re.compile(r"[^\W_]+(?:[-‐–./][^\W_]+)*")
_WEIGHT: Final = 3  # Latin letters that say as much as a Japanese character, or one of a name
_LONGEST_ACRONYM: Final = 5
_LONGEST_UNIT: Final = 3
_LONGEST_COUNTER: Final = 2  # 時間, or 試料 in 試料A12


def guess_language(text: str) -> str:
    """Return `ja`, `sa` or `en` (ISO 639-1): the script with the most weight decides.

    A Japanese character says as much as about three Latin letters, and Japanese technical prose is
    full of Latin names and units: one Japanese character in eight letters is enough.
    """
    letters = len(_LETTER.findall(text))
    if not letters:
        return "en"
    devanagari = len(_DEVANAGARI.findall(text))
    japanese = _japanese(text)
    if devanagari > max(japanese, letters // 4):
        return "sa"
    return "ja" if japanese * 8 >= letters else "en"


def known_share(query: str, languages: AbstractSet[str]) -> float:
    """Return how much of a query a model of these `languages` understands, from 0 to 1.

    Nothing of a query in another language, part of one in two languages or with names in it, and
    nothing of names alone, such as AZ91, 24 h or XRD: their characters are all that they mean.
    """
    multilingual = MULTILINGUAL in languages
    if are_names(query) or not (multilingual or guess_language(query) in languages):
        return 0.0
    tokens = _tokens(query)
    names = _WEIGHT * sum(len(token) for token in tokens if _is_name(token))
    prose = "".join(token for token in tokens if not _is_name(token))
    japanese = _WEIGHT * _japanese(prose)
    others = len(prose) - _japanese(prose)
    understood = others + (japanese if multilingual or "ja" in languages else 0)
    return understood / (others + japanese + names) if prose else 1.0


def are_names(query: str) -> bool:
    """Tell whether all of a query is identifiers, formulas, acronyms, numbers and their units."""
    tokens = _tokens(query)
    return any(map(_is_name, tokens)) and all(
        _is_name(token) or len(token) <= _LONGEST_UNIT for token in tokens
    )


def _tokens(query: str) -> list[str]:
    return _TOKEN.findall(unicodedata.normalize("NFKC", query))


def _is_name(token: str) -> bool:
    if not any(map(str.isdigit, token)):
        return _is_acronym(token)
    return not _KANA.search(token) and len(_HAN.findall(token)) <= _LONGEST_COUNTER


def _is_acronym(token: str) -> bool:
    return token.isascii() and token.isupper() and 2 <= len(token) <= _LONGEST_ACRONYM


def _japanese(text: str) -> int:
    return len(_KANA.findall(text)) + len(_HAN.findall(text))
