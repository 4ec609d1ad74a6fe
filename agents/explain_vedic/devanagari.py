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
_ACCENT_BEFORE_SIGN = re.compile(f"([{_ACCENTS}]+)([ँंः])")
_KAMPA = re.compile(f"[१३][{_ACCENTS}]+")  # a numeral that carries the accent of the syllable
_NOISE = re.compile(f"[^\u0900-\u097f\\s{DANDA}{DOUBLE_DANDA}]")
_LETTER = re.compile("[\u0904-\u0939\u0958-\u0961]")
_NOT_COMPARED = re.compile("[^\u0901-\u0903\u0905-\u0939\u093e-\u094d\u0960-\u0963]")
_SAME = str.maketrans({"ळ": "ड", "ँ": "ं"})
_NASAL_BEFORE_CONSONANT = re.compile("[ङञणनम]\u094d(?=[\u0915-\u0939])(?![यरलवङञणनमह])")


def is_devanagari(text: str) -> bool:
    """Tell whether most letters of the text are Devanagari."""
    letters = sum(1 for char in text if char.isalpha())
    return letters > 0 and 2 * len(_LETTER.findall(text)) >= letters


def normalise(text: str) -> str:
    """Return the text in NFC with one spelling for accents, daṇḍas, visarga and digits.

    A syllable is written letters, vowel sign, anusvāra or visarga, accent. What is no Devanagari
    is dropped, lines are kept. Idempotent.
    """
    text = unicodedata.normalize("NFC", text).translate(_ONE_SPELLING)
    text = _OTHER_VEDIC_MARKS.sub("", text)
    text = _COLON_AS_VISARGA.sub("ः", text)
    text = _ACCENT_BEFORE_SIGN.sub(r"\2\1", text)
    text = _NOISE.sub(" ", text)
    text = re.sub(f"{DANDA}\\s?{DANDA}", DOUBLE_DANDA, text)
    lines = (" ".join(line.split()) for line in text.splitlines())
    return unicodedata.normalize("NFC", "\n".join(line for line in lines if line))


def without_accents(text: str) -> str:
    """Drop the accent strokes of normalised text, and the numerals that only carry them."""
    return _KAMPA.sub("", text).replace(UDATTA_LINE, "").replace(ANUDATTA_LINE, "")


def skeleton(text: str) -> str:
    """Reduce normalised text to what is compared: no accents, spaces, signs or spelling variants.

    Avagraha is dropped, ळ counts as ड, and a nasal before a consonant counts as anusvāra.
    """
    letters = _NOT_COMPARED.sub("", without_accents(text)).translate(_SAME)
    return _NASAL_BEFORE_CONSONANT.sub("ं", letters)
