"""Numbers with their units, and powers of ten: one term, in whatever way they are written."""

import re
from collections.abc import Iterator
from typing import Final

from rag.tokens.numerals import KANJI_NUMERALS, kanji_number
from rag.tokens.spaced import STOP_WORDS

_SPELLINGS: Final = {
    "°": "° °c c degc deg degree degrees 度",
    "h": "h hr hrs hour hours 時間",
    "min": "min mins minute minutes 分 分間",
    "s": "s sec secs second seconds 秒 秒間",
    "%": "% percent パーセント",
    "wt%": "wt% mass% 質量% 重量%",
    "at%": "at% 原子%",
    "um": "um micron microns",
}
"""Units that people write in more than one way; all others stand for themselves."""

_UNITS: Final = {
    spelled: unit for unit, spellings in _SPELLINGS.items() for spelled in spellings.split()
}
_NO_UNITS: Final = STOP_WORDS | {"x"}
_LONGEST_NUMERAL: Final = 12  # characters
_SHORT: Final = 4  # letters: the longest unit that is taken for one without being known
_JAPANESE_UNIT: Final = (
    "時間|分間?|秒間?|パーセント|[度回次号番章節条項年月日週個本枚点件種倍名人台歳円割層段]"
)
_UNIT: Final = (
    rf"(?P<unit>(?:wt|at|mol|vol|mass|質量|重量|原子|体積)\.? ?%|°c?|%|{_JAPANESE_UNIT}"
    r"|[a-zμω]{1,7}(?![a-zμω\d]))"
)
_NUMBER: Final = r"\d++(?:\.\d++)?+"  # possessive: a long run of digits is read once
_QUANTITY: Final = re.compile(rf"(?P<number>{_NUMBER})(?: ?{_UNIT})?")
_KANJI_QUANTITY: Final = re.compile(
    rf"(?P<number>[{KANJI_NUMERALS}]{{1,{_LONGEST_NUMERAL}}})(?P<unit>{_JAPANESE_UNIT})"
)
_EXPONENT: Final = r"[-+−–]?\d{1,2}"
_POWER: Final = re.compile(
    rf"(?<![a-z\d.])(?:"
    rf"(?P<times>{_NUMBER}) ?[×x*·⋅] ?10(?: ?\^ ?\{{?)?(?P<tenfold>{_EXPONENT})(?!\d)"
    rf"|10(?: ?\^ ?\{{?|(?=−))(?P<alone>{_EXPONENT})(?!\d)"
    rf"|(?P<factor>{_NUMBER})e(?P<exponent>{_EXPONENT})(?![a-z\d]))"
)
_INSIDE_NAME: Final = re.compile(r"[a-z\d]\.?$|[a-z][-‐–]$")  # 12 in A12, in A-12 and in 0.12
_MINUS: Final = str.maketrans("−–", "--")


def quantities(text: str) -> Iterator[str]:
    """Yield a term for each number with a unit, and for each power of ten, in `text` (folded).

    24 h, 24h, 24 hours, 24時間 and 二十四時間 are `24h`; 1×10^-5 and 1e-5 are `1e-5`. What is a
    word as it stands, such as 24h, is left to `spaced.words`.
    """
    for found in _QUANTITY.finditer(text):
        term = _term(text, found)
        if term is not None and not (term == found[0] and _is_word(term)):
            yield term
    for found in _KANJI_QUANTITY.finditer(text):
        if found[0] != "十分":  # enough
            yield f"{kanji_number(found['number'])}{_canonical(found['unit'])}"
    for found in _POWER.finditer(text):
        factor = found["times"] or found["factor"] or "1"
        exponent = found["tenfold"] or found["alone"] or found["exponent"]
        yield f"{_plain(factor)}e{int(exponent.translate(_MINUS))}"


def _term(text: str, found: re.Match[str]) -> str | None:
    """Return number and unit; None for part of a name, or where what follows is just a word."""
    before = text[max(found.start() - 2, 0) : found.start()]
    if found["unit"] is None or _INSIDE_NAME.search(before):
        return None
    unit = _canonical(found["unit"])
    if unit in _NO_UNITS or (unit.isalpha() and len(unit) > _SHORT):
        return None
    number = f"0.{found['number']}" if before.endswith(".") else found["number"]
    return f"{_plain(number)}{unit}"


def _is_word(term: str) -> bool:
    return term.isascii() and term.isalnum()


def _canonical(unit: str) -> str:
    written = unit.replace(" ", "").replace(".", "").replace("μ", "u")
    return _UNITS.get(written, written)


def _plain(number: str) -> str:
    """Write 0.50 as 0.5, and 24.0 as 24."""
    return number.rstrip("0").rstrip(".") if "." in number else number
