"""Vedic Devanagari in one spelling: accents, signs and noise of OCR made uniform."""

import re
import unicodedata

UDATTA_LINE = "\u0951"  # the stroke above: svarita in the Ṛgveda's notation
ANUDATTA_LINE = "\u0952"  # the stroke below
DANDA = "।"
DOUBLE_DANDA = "॥"
DIGITS = "०१२३४५६७८९"

_ONE_SPELLING = str.maketrans(
    {
        "\u030d": UDATTA_LINE,  # combining vertical line above
        "\u0301": UDATTA_LINE,
        "\u0953": UDATTA_LINE,
        "\u1cda": UDATTA_LINE,  # double svarita of other schools
        "\u0329": ANUDATTA_LINE,  # combining vertical line below
        "\u0331": ANUDATTA_LINE,
        "\u0332": ANUDATTA_LINE,
        "\u1cdc": ANUDATTA_LINE,  # the Kāṭhaka's anudātta
        "\ua8f3": "ँ",  # spacing candrabindu
        "\u0900": "ँ",
        "\u200b": None,
        "\u200c": None,
        "\u200d": None,
        "\ufeff": None,
        "\u00ad": None,
        "|": DANDA,
        "’": "ऽ",
        "‘": "ऽ",
        **{str(value): digit for value, digit in enumerate(DIGITS)},
    }
)
_ACCENTS = UDATTA_LINE + ANUDATTA_LINE
_OTHER_VEDIC_MARKS = re.compile("[\u1cd0-\u1cfa\ua8e0-\ua8f1\u0954]")
_COLON_AS_VISARGA = re.compile(f"(?<=[\u0904-\u094d\u0960-\u0963{_ACCENTS}]):")
_ACCENTS_AND_SIGNS = re.compile(f"[{_ACCENTS}ँंः]+")
_KAMPA = re.compile(f"[१३][{_ACCENTS}]+")  # a numeral that carries the accent of the syllable
_NOISE = re.compile(f"[^\u0900-\u097f\\s{DANDA}{DOUBLE_DANDA}]")
_TWO_DANDAS = re.compile(f"{DANDA} ?{DANDA}")
_LETTER = re.compile("[\u0904-\u0939\u0958-\u0961]")
_NOT_COMPARED = re.compile("[^\u0901-\u0903\u0905-\u0939\u093e-\u094d\u0960-\u0963]")
_SAME = str.maketrans({"ळ": "ड", "ँ": "ं"})
_SIGN_OF: dict[str, str] = dict(zip("अआइईउऊऋॠऌॡएऐओऔ", ["", *"ािीुूृॄॢॣेैोौ"], strict=True))
_CONSONANT_MEETS_VOWEL = re.compile("\u094d([अआइईउऊऋॠऌॡएऐओऔ])")
_NASAL_BEFORE_CONSONANT = re.compile("[ङञणनम]\u094d(?=[\u0915-\u0939])(?![यरलवङञणनमह])")


_MARKS_IN_A_ROW = 30  # Unicode's UAX 15, "stream-safe": sorting a longer run takes quadratic time


def compose(text: str) -> str:
    """Return the text in NFC; of more than 30 combining marks in a row the rest is dropped."""
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def is_devanagari(text: str) -> bool:
    """Tell whether most letters of the text are Devanagari."""
    letters = sum(1 for char in text if char.isalpha())
    return letters > 0 and 2 * len(_LETTER.findall(text)) >= letters


def normalise(text: str) -> str:
    """Return the text in NFC with one spelling for accents, daṇḍas, visarga and digits.

    A syllable is written letters, vowel sign, anusvāra or visarga, accent. What is no Devanagari
    is dropped, lines are kept. Idempotent.
    """
    text = compose(text).translate(_ONE_SPELLING)
    text = _OTHER_VEDIC_MARKS.sub("", text)
    text = _COLON_AS_VISARGA.sub("ः", text)
    text = _ACCENTS_AND_SIGNS.sub(_signs_first, text)
    text = _NOISE.sub(" ", text)
    lines = (_TWO_DANDAS.sub(DOUBLE_DANDA, " ".join(line.split())) for line in text.splitlines())
    return compose("\n".join(line for line in lines if line))


def without_accents(text: str) -> str:
    """Drop the accent strokes of normalised text, and the numerals that only carry them."""
    return _KAMPA.sub("", text).replace(UDATTA_LINE, "").replace(ANUDATTA_LINE, "")


def skeleton(text: str) -> str:
    """Reduce normalised text to what is compared: no accents, spaces, signs or spelling variants.

    Avagraha is dropped, ळ counts as ड, a nasal before a consonant counts as anusvāra, and words
    that are written apart as together: अग्निम् ईळे as अग्निमीळे.
    """
    letters = _NOT_COMPARED.sub("", without_accents(text)).translate(_SAME)
    letters = _CONSONANT_MEETS_VOWEL.sub(lambda met: _SIGN_OF[met[1]], letters)
    return _NASAL_BEFORE_CONSONANT.sub("ं", letters)


def _signs_first(run: re.Match[str]) -> str:
    return "".join(sorted(run[0], key=lambda mark: mark in _ACCENTS))
