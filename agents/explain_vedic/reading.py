"""From a request to lines: decode and check the image, or cut the text."""

import base64
import binascii
from collections.abc import Iterable, Sequence

from agents.explain_vedic.devanagari import compose, is_devanagari, normalise
from agents.explain_vedic.iast import to_devanagari
from agents.explain_vedic.record import MAX_IMAGE_BYTES, ReadLine
from agents.problems import ImageInvalid
from rag.ports import OcrLine

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def decode_image(encoded: str) -> bytes:
    """Return the bytes of a base64 PNG or JPEG.

    Raises:
        ImageInvalid: not base64, another format, or over 10 MB.
    """
    try:
        image = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageInvalid("it is not base64") from error
    if len(image) > MAX_IMAGE_BYTES:
        raise ImageInvalid("it has more than 10 MB")
    if not image.startswith(_PICTURES):
        raise ImageInvalid("it is neither PNG nor JPEG")
    return image


def lines_of_text(text: str) -> list[ReadLine]:
    """Return the lines of a text that was sent, NFC, without the empty ones."""
    lines = compose(text).splitlines()
    return [
        ReadLine(text=line.strip(), confidence=None, box=None) for line in lines if line.strip()
    ]


def lines_of_page(found: Iterable[OcrLine]) -> list[ReadLine]:
    """Return the lines that the OCR engine read, NFC, without the empty ones."""
    return [
        ReadLine(text=compose(line.text).strip(), confidence=line.confidence, box=line.box)
        for line in found
        if line.text.strip()
    ]


def devanagari_of(lines: Sequence[ReadLine]) -> str:
    """Return the lines as normalised Devanagari; IAST is transliterated line by line."""
    letters = (
        line.text if is_devanagari(line.text) else to_devanagari(line.text) for line in lines
    )
    return normalise("\n".join(letters))
