import base64
from dataclasses import dataclass

import pytest

from agents.explain_vedic.reading import (
    decode_image,
    devanagari_of,
    lines_of_page,
    lines_of_text,
)
from agents.explain_vedic.record import MAX_IMAGE_BYTES
from agents.problems import ImageInvalid

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    confidence: float = 90.0
    box: tuple[int, int, int, int] = (1, 2, 3, 4)


@pytest.mark.parametrize("image", [PNG + b"more", b"\xff\xd8\xff\xe0more"])
def test_png_and_jpeg_are_taken_also_when_their_base64_is_wrapped(image: bytes) -> None:
    assert decode_image(base64.encodebytes(image).decode()) == image


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        ("%%%%", "not base64"),
        ("data:image/png;base64,iVBORw0KGgo=", "not base64"),
        ("अग्नि", "not base64"),
        (base64.b64encode(b"GIF89a").decode(), "neither PNG nor JPEG"),
        (base64.b64encode(PNG + bytes(MAX_IMAGE_BYTES)).decode(), "more than 10 MB"),
    ],
)
def test_what_is_no_image_says_why(encoded: str, reason: str) -> None:
    with pytest.raises(ImageInvalid, match=reason):
        decode_image(encoded)


def test_the_lines_of_a_text_are_kept_as_they_were_sent() -> None:
    lines = lines_of_text("  अ॒ग्निमी॑ळे \r\n\r\nagnim īḷe")
    assert [line.text for line in lines] == ["अ॒ग्निमी॑ळे", "agnim īḷe"]
    assert {(line.confidence, line.box) for line in lines} == {(None, None)}


def test_the_lines_of_a_page_keep_confidence_and_place_and_blank_ones_go() -> None:
    (line,) = lines_of_page([_Line(" अग्निम् "), _Line("  ")])
    assert (line.text, line.confidence, line.box) == ("अग्निम्", 90.0, (1, 2, 3, 4))


def test_each_line_is_read_in_its_own_script() -> None:
    lines = lines_of_text("अग्निमीळे\npurohitaṃ yajñasya")
    assert devanagari_of(lines) == "अग्निमीळे\nपुरोहितं यज्ञस्य"
