"""Numbers written in kanji."""

from typing import Final

KANJI_NUMERALS: Final = "〇零一二三四五六七八九十百千万億"
_DIGITS: Final = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {
    "零": 0
}
_TENS: Final = {"十": 10, "百": 100, "千": 1000}
_MYRIADS: Final = {"万": 10**4, "億": 10**8}


def kanji_number(numeral: str) -> int:
    """Return the number that a run of `KANJI_NUMERALS` says: 二十四, 二四 and 二百〇三 alike."""
    whole = section = digits = 0
    for character in numeral:
        if character in _DIGITS:
            digits = digits * 10 + _DIGITS[character]
        elif character in _TENS:
            section += (digits or 1) * _TENS[character]
            digits = 0
        else:
            whole += (section + digits or 1) * _MYRIADS[character]
            section = digits = 0
    return whole + section + digits
