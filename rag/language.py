"""Guess a text's language from its script."""

import re

_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々〆]")
_DEVANAGARI = re.compile(r"[\u0900-\u097f\ua8e0-\ua8ff]")
_LETTER = re.compile(r"[^\W\d_]")


def guess_language(text: str) -> str:
    """Return `ja`, `sa` or `en` (ISO 639-1): the script with the most weight decides.

    A Japanese character says as much as about three Latin letters, and Japanese technical prose is
    full of Latin names and units: one Japanese character in eight letters is enough.
    """
    letters = len(_LETTER.findall(text))
    if not letters:
        return "en"
    devanagari = len(_DEVANAGARI.findall(text))
    japanese = len(_KANA.findall(text)) + len(_HAN.findall(text))
    if devanagari > max(japanese, letters // 4):
        return "sa"
    return "ja" if japanese * 8 >= letters else "en"
