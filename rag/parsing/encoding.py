"""Decode text whose encoding nobody wrote down, as Japanese research data often is."""

import re
from collections import Counter
from typing import NamedTuple

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_EIGHT_BIT = ("cp932", "euc_jis_2004")
_SIXTEEN_BIT = ("utf-16-le", "utf-16-be")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL = 0.25  # share of control characters in a text; instruments pad theirs with some
_USUAL = re.compile(r"[\t\n\r -~\u3041-\u3093\u30a1-\u30f6ー\u4e00-\u9fff、。・「」（）]")
_UNUSUAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x80-\x9f\ue000-\uf8ff]")
_HALF_WIDTH = re.compile(r"[\uff61-\uff9f]")
_MISPLACED = (
    re.compile(  # half-width punctuation, voice marks and small kana where no word has them
        r"[｡-･]|(?<![ｳｶ-ﾄﾊ-ﾎ])ﾞ|(?<![ﾊ-ﾎ])ﾟ|(?<![ｱ-ﾝﾞﾟ])[ｧ-ｰ]"
    )
)
_HALF_WIDTH_WEIGHT = 0.8
_LEAST_PLAUSIBLE = 0.5  # of UTF-16, which reads nearly any bytes as something
_FIRST_RARE_ROW = 0xD0  # EUC-JP's lead byte from which kanji are JIS level 2


class Decoded(NamedTuple):
    """A text and the codec that gave it."""

    text: str
    encoding: str


def decode_text(raw: bytes) -> Decoded:
    """Decode by trial: BOM, ISO-2022-JP by its escapes, UTF-8, then the likeliest other reading.

    CP932, EUC-JP and (where there are NULs) UTF-16 accept each other's bytes, so of those that fit,
    the reading wins that looks most like text; nothing tells a few kanji from half-width kana for
    sure. Line ends become single line feeds.

    Raises:
        UnicodeDecodeError: no encoding fits, or the reading is full of control characters: the
            bytes are no text.
    """
    decoded = _decode(raw)
    if len(_CONTROL.findall(decoded.text)) > len(decoded.text) * _MOST_CONTROL:
        raise _undecodable(raw)
    return Decoded(decoded.text.replace("\r\n", "\n").replace("\r", "\n"), decoded.encoding)


def _decode(raw: bytes) -> Decoded:
    for bom, codec in _BOMS:
        if raw.startswith(bom):
            return Decoded(raw.decode(codec), codec)
    if b"\x1b$" in raw or b"\x1b(" in raw:
        for codec in ("iso2022_jp", "iso2022_jp_ext"):
            if decoded := _try(raw, codec):
                return decoded
    utf8 = _try(raw, "utf-8")
    if utf8 and b"\x00" not in raw:
        return utf8
    others = _EIGHT_BIT + (_SIXTEEN_BIT if b"\x00" in raw else ())
    readings = [utf8, *(_try(raw, codec) for codec in others)]
    fitting = [reading for reading in readings if reading is not None]
    best = max(fitting, key=lambda reading: _plausibility(reading.text), default=None)
    if best is None or (
        best.encoding in _SIXTEEN_BIT and _plausibility(best.text) < _LEAST_PLAUSIBLE
    ):
        raise _undecodable(raw)
    return best


def _try(raw: bytes, codec: str) -> Decoded | None:
    try:
        return Decoded(raw.decode(codec), codec)
    except UnicodeDecodeError:
        return None


def _undecodable(raw: bytes) -> UnicodeDecodeError:
    return UnicodeDecodeError("utf-8", raw[:1], 0, 1, "no known encoding fits")


def _plausibility(text: str) -> float:
    """Weigh what Japanese text is made of against what a wrong reading leaves, per character."""
    usual = len(_USUAL.findall(text)) + _HALF_WIDTH_WEIGHT * len(_HALF_WIDTH.findall(text))
    odd = len(_UNUSUAL.findall(text)) + len(_MISPLACED.findall(text)) + _rare_kanji(text)
    return (usual - 2 * odd) / max(len(text), 1)


def _rare_kanji(text: str) -> int:
    """Count the kanji outside JIS level 1: few in prose, many in a wrong reading."""
    return sum(
        count
        for character, count in Counter(text).items()
        if "\u4e00" <= character <= "\u9fff" and not _is_common(character)
    )


def _is_common(kanji: str) -> bool:
    try:
        return kanji.encode("euc_jp")[0] < _FIRST_RARE_ROW
    except UnicodeEncodeError:
        return False
