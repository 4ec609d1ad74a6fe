"""Devanagari to IAST and back, by one table.

ळ is written ḷ, as usual for the Ṛgveda; read back, ḷ beside a vowel is ळ and between consonants
the vowel ऌ. Vowels that meet without joining are told from ai and au by a diaeresis (praüga).
"""

import re
import unicodedata

from agents.explain_vedic.devanagari import DANDA, DIGITS, DOUBLE_DANDA


def _table(letters: str, romans: str) -> dict[str, str]:
    return dict(zip(letters, romans.split(), strict=True))


_CONSONANTS = _table(
    "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहळ",
    "k kh g gh ṅ c ch j jh ñ ṭ ṭh ḍ ḍh ṇ t th d dh n p ph b bh m y r l v ś ṣ s h ḷ",
)
_VOWELS = _table("अआइईउऊऋॠऌॡएऐओऔ", "a ā i ī u ū ṛ ṝ ḷ ḹ e ai o au")
_VOWEL_SIGNS = _table("ािीुूृॄॢॣेैोौ", "ā i ī u ū ṛ ṝ ḷ ḹ e ai o au")
_SIGNS = {
    "ं": "ṃ",
    "ः": "ḥ",
    "ँ": "m̐",
    "ऽ": "'",
    "ॐ": "oṃ",
    DANDA: "|",
    DOUBLE_DANDA: "||",
    **{digit: str(value) for value, digit in enumerate(DIGITS)},
}
_VIRAMA = "्"
_DIAERESIS = {"इ": "ï", "उ": "ü"}

_VOWEL_LETTER = {roman: letter for letter, roman in _VOWELS.items()} | {"ï": "इ", "ü": "उ"}
_VOWEL_SIGN = {
    **{roman: sign for sign, roman in _VOWEL_SIGNS.items()},
    "a": "",
    "ï": "ि",  # a diaeresis after a consonant is no Sanskrit, but text may hold any language
    "ü": "ु",
}
_CONSONANT = {roman: letter for letter, roman in _CONSONANTS.items()}
_SIGN = {roman: sign for sign, roman in _SIGNS.items() if sign != "ॐ"}
_LONGEST_FIRST = sorted({*_VOWEL_LETTER, *_CONSONANT, *_SIGN}, key=len, reverse=True)
_TOKEN = re.compile("|".join(map(re.escape, _LONGEST_FIRST)) + r"|\s|.", re.DOTALL)
_VOWEL_START = set("aāiīuūṛṝeoïü")
_OTHER_ROMANS = {"r̥̄": "ṝ", "r̥": "ṛ", "l̥": "ḷ", "ṁ": "ṃ", "ē": "e", "ō": "o", "’": "'", "‘": "'"}


def to_iast(devanagari: str) -> str:
    """Transliterate normalised Devanagari without accents; what it does not know stays."""
    roman: list[str] = []
    for position, char in enumerate(devanagari):
        after = devanagari[position + 1 : position + 2]
        if char in _CONSONANTS:
            inherent = "" if after in _VOWEL_SIGNS or after == _VIRAMA else "a"
            roman.append(_CONSONANTS[char] + inherent)
        elif char in _DIAERESIS and roman and roman[-1].endswith("a"):
            roman.append(_DIAERESIS[char])
        elif char != _VIRAMA:
            known = _VOWELS.get(char) or _VOWEL_SIGNS.get(char) or _SIGNS.get(char)
            roman.append(known or char)
    return unicodedata.normalize("NFC", "".join(roman))


def to_devanagari(iast: str) -> str:
    """Transliterate IAST (or ISO 15919) into Devanagari; acute and grave accents are dropped."""
    devanagari: list[str] = []
    bare = False  # the last consonant still waits for its vowel
    tokens = _TOKEN.findall(_uniform(iast))
    for position, letter in enumerate(tokens):
        before = tokens[position - 1] if position else ""
        after = tokens[position + 1] if position + 1 < len(tokens) else ""
        if letter in _CONSONANT and not (letter == "ḷ" and _is_vocalic(before, after)):
            devanagari.append((_VIRAMA if bare else "") + _CONSONANT[letter])
            bare = True
        elif letter in _VOWEL_LETTER:
            devanagari.append(_vowel(letter, before) if bare else _VOWEL_LETTER[letter])
            bare = False
        else:
            devanagari.append((_VIRAMA if bare else "") + _SIGN.get(letter, letter))
            bare = False
    return "".join(devanagari) + (_VIRAMA if bare else "")


def _vowel(letter: str, consonant: str) -> str:
    """Return the vowel after a consonant; r before ṛ is written above its letter: निर्ऋति."""
    return _VIRAMA + "ऋ" if (consonant, letter) == ("r", "ṛ") else _VOWEL_SIGN[letter]


def _is_vocalic(before: str, after: str) -> bool:
    return before not in _VOWEL_LETTER and after[:1] not in _VOWEL_START


def _uniform(iast: str) -> str:
    text = unicodedata.normalize("NFC", iast.lower())
    for other, usual in _OTHER_ROMANS.items():
        text = text.replace(unicodedata.normalize("NFC", other), usual)
    decomposed = unicodedata.normalize("NFD", text)
    # An acute is the accent of a vowel, except as the stroke of ś.
    kept = re.sub("(?<!s)[\u0301\u0300]", "", decomposed).translate({0x0951: None, 0x0952: None})
    return unicodedata.normalize("NFC", kept)
