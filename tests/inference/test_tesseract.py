"""The real Tesseract; only the pictures are made up."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from inference.problems import ImageUnreadable, OcrTimedOut, OcrUnavailable
from inference.settings import OcrSettings
from inference.tesseract import TesseractOcr, open_tesseract


async def _open(settings: OcrSettings | None = None) -> TesseractOcr:
    ocr = await open_tesseract(settings or OcrSettings())
    if ocr is None:
        pytest.skip("OCR NOT TESTED: tesseract is not installed")
    return ocr


@pytest.fixture
async def ocr() -> TesseractOcr:
    opened = await _open()
    if "eng" not in opened.installed:
        pytest.skip("OCR NOT TESTED: tesseract-ocr-eng is not installed")
    return opened


def _page(*lines: str, kind: str = "PNG") -> bytes:
    picture = Image.new("L", (900, 60 + 80 * len(lines)), 255)
    for number, line in enumerate(lines):
        place = (40, 30 + 80 * number)
        ImageDraw.Draw(picture).text(place, line, fill=0, font=ImageFont.load_default(size=48))
    saved = io.BytesIO()
    picture.save(saved, kind)
    return saved.getvalue()


def _png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
async def test_a_page_is_read_line_by_line(ocr: TesseractOcr, kind: str) -> None:
    page = _page("Stainless steel 316L", "annealed at 1050 C", kind=kind)
    first, second = await ocr.read_image(page, languages=["en"])
    assert first.text == "Stainless steel 316L"
    assert second.text == "annealed at 1050 C"
    assert first.confidence > 50
    assert first.box[1] < second.box[1]


async def test_an_empty_page_has_no_lines(ocr: TesseractOcr) -> None:
    assert await ocr.read_image(_page(""), languages=["en"]) == []


async def test_the_model_is_named_with_its_version(ocr: TesseractOcr) -> None:
    name, version = ocr.model.split(" ")
    assert name == "tesseract"
    assert version[0].isdigit()


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (b"", "no PNG, JPEG or TIFF"),
        (b"%PDF-1.7", "no PNG, JPEG or TIFF"),
        (_page("x", kind="GIF"), "no PNG, JPEG or TIFF"),
        (_page("Stainless steel")[:200], "could not read"),
        (_png_claiming(30_000, 30_000), "more than 60,000,000 pixels"),
        (_png_claiming(8_000, 8_000), "more than 60,000,000 pixels"),
    ],
)
async def test_a_picture_that_cannot_be_read_says_why(
    ocr: TesseractOcr, image: bytes, reason: str
) -> None:
    with pytest.raises(ImageUnreadable, match=reason):
        await ocr.read_image(image, languages=["en"])


async def test_a_missing_language_says_what_to_install() -> None:
    ocr = TesseractOcr(settings=OcrSettings(), version="5", installed=frozenset({"osd"}))
    with pytest.raises(OcrUnavailable) as missing:
        await ocr.read_image(_page("x"), languages=["sa"])
    assert "apt install tesseract-ocr-script-deva tesseract-ocr-san" in missing.value.hint


async def test_a_language_nobody_taught_it_is_missing_too(ocr: TesseractOcr) -> None:
    with pytest.raises(OcrUnavailable):
        await ocr.read_image(_page("x"), languages=["tlh"])


async def test_of_several_languages_the_installed_ones_are_read(ocr: TesseractOcr) -> None:
    lines = await ocr.read_image(_page("Stainless steel"), languages=["tlh", "en"])
    assert [line.text for line in lines] == ["Stainless steel"]


async def test_models_are_sought_where_tessdata_prefix_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _open()
    (tmp_path / "xyz.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert (await _open()).installed == {"xyz"}


async def test_reading_that_takes_too_long_is_stopped() -> None:
    opened = await _open()
    ocr = TesseractOcr(
        settings=OcrSettings(timeout_s=0.02), version=opened.version, installed=opened.installed
    )
    with pytest.raises(OcrTimedOut, match=r"0\.02 s"):
        await ocr.read_image(_page(*["Stainless steel 316L"] * 20), languages=["en"])


@pytest.mark.parametrize("program", ["no-such-program", "false"])
async def test_without_a_working_program_there_is_no_ocr(program: str) -> None:
    assert await open_tesseract(OcrSettings(tesseract=program)) is None
