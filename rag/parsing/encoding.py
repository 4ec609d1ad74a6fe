"""Decode text whose encoding nobody wrote down, as Japanese research data often is."""

import re
from typing import NamedTuple

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_USUAL = re.compile(r"[\u3041-\u3093\u30a1-\u30f6\u30fc\u4e00-\u9fff、。・「」（）]")
_UNUSUAL = re.compile(r"[\uff61-\uff9f\ue000-\uf8ff\x80-\x9f]")


class Decoded(NamedTuple):
    """A text and the codec that gave it."""

    text: str
    encoding: str


def decode_text(raw: bytes) -> Decoded:
    """Decode by trial: BOM, ISO-2022-JP by its escapes, UTF-8, UTF-16, then CP932 against EUC-JP.

    The last two accept each other's bytes, so the reading with more kana and kanji and fewer
    half-width or private characters wins. Line ends become single line feeds.

    Raises:
        UnicodeDecodeError: no encoding fits; the bytes are no text.
    """
    decoded = _decode(raw)
    return Decoded(decoded.text.replace("\r\n", "\n").replace("\r", "\n"), decoded.encoding)


def _decode(raw: bytes) -> Decoded:
    for bom, codec in _BOMS:
        if raw.startswith(bom):
            return Decoded(raw.decode(codec), codec)
    if b"\x1b$" in raw or b"\x1b(" in raw:
        for codec in ("iso2022_jp", "iso2022_jp_ext"):
            if decoded := _try(raw, codec):
                return decoded
    if decoded := _try_utf16_without_bom(raw) or _try(raw, "utf-8"):
        return decoded
    readings = [reading for codec in ("cp932", "euc_jis_2004") if (reading := _try(raw, codec))]
    if not readings:
        raise UnicodeDecodeError("utf-8", raw[:1], 0, 1, "no known encoding fits")
    return max(readings, key=lambda reading: _plausibility(reading.text))


def _try(raw: bytes, codec: str) -> Decoded | None:
    try:
        return Decoded(raw.decode(codec), codec)
    except UnicodeDecodeError:
        return None


def _try_utf16_without_bom(raw: bytes) -> Decoded | None:
    """Text with ASCII in it has a NUL in every second byte of those characters, never elsewhere."""
    if len(raw) % 2 or b"\x00" not in raw:
        return None
    even, odd = raw[::2].count(0), raw[1::2].count(0)
    if min(even, odd) > max(even, odd) // 20:
        return None
    return _try(raw, "utf-16-le" if odd > even else "utf-16-be")


def _plausibility(text: str) -> float:
    """Weigh what Japanese prose is made of against what a wrong reading leaves."""
    usual = len(_USUAL.findall(text))
    unusual = len(_UNUSUAL.findall(text))
    return (usual - 2 * unusual) / len(text)
