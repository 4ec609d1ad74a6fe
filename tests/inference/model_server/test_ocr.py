"""`/v1/ocr` with the real Tesseract and with a tiny random TrOCR."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.inference.model_server.conftest import serve
from tests.inference.model_server.made import data_url, page, pdf, saved

_OCR = ("--task", "ocr")
pytestmark = pytest.mark.usefixtures("tesseract")


async def _ask(client: httpx2.AsyncClient, **fields: object) -> httpx2.Response:
    return await client.post("/v1/ocr", json={"model": "tiny", "language": "eng", **fields})


def _texts(page_read: dict[str, Any]) -> list[str]:
    return [line["text"] for line in page_read["lines"]]


async def test_a_picture_becomes_lines_with_their_places() -> None:
    picture = saved(page("Stainless steel 316L", "annealed at 1050 C"))
    async with serve(*_OCR) as client:
        answer = (await _ask(client, image=data_url(picture))).json()
    [read] = answer["pages"]
    assert answer["model"] == "tiny"
    assert answer["usage"] == {"pages": 1}
    assert (read["page"], read["width"], read["height"]) == (1, 900, 220)
    assert _texts(read) == ["Stainless steel 316L", "annealed at 1050 C"]
    left, top, right, bottom = read["lines"][0]["box"]
    assert 0 <= left < right <= 900
    assert 0 <= top < bottom < read["lines"][1]["box"][1]
    assert 0.5 < read["lines"][0]["confidence"] <= 1


async def test_a_photograph_is_turned_as_its_camera_was() -> None:
    turned = page("Stainless steel 316L").transpose(Image.Transpose.ROTATE_90)
    async with serve(*_OCR) as client:
        sent = data_url(saved(turned, "JPEG", orientation=6))
        [read] = (await _ask(client, image=sent)).json()["pages"]
    assert (read["width"], read["height"]) == (900, 140)
    assert _texts(read) == ["Stainless steel 316L"]


@pytest.mark.usefixtures("pdf_reader")
async def test_of_a_document_every_page_is_read_or_the_one_that_is_named() -> None:
    document = data_url(pdf([page("first page"), page("second page")]), "application/pdf")
    async with serve(*_OCR) as client:
        whole = (await _ask(client, document=document)).json()
        one = (await _ask(client, document=document, page=2)).json()
    assert [_texts(read) for read in whole["pages"]] == [["first page"], ["second page"]]
    assert whole["usage"] == {"pages": 2}
    assert [(read["page"], _texts(read)) for read in one["pages"]] == [(2, ["second page"])]


async def test_a_file_of_a_form_is_read_too() -> None:
    async with serve(*_OCR) as client:
        answer = await client.post(
            "/v1/ocr",
            data={"model": "tiny", "language": "en", "page": "1"},
            files={"file": ("scan.png", saved(page("Stainless steel")))},
        )
    assert _texts(answer.json()["pages"][0]) == ["Stainless steel"]


async def test_sixteen_bits_and_transparency_are_read_as_they_look() -> None:
    grey = page("Stainless steel").convert("L")
    deep = grey.convert("I").point(lambda value: value * 256).convert("I;16")
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    clear.putalpha(grey.point(lambda value: 255 - value))
    async with serve(*_OCR) as client:
        for picture in (deep, clear):
            [read] = (await _ask(client, image=data_url(saved(picture)))).json()["pages"]
            assert _texts(read) == ["Stainless steel"]


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({}, "request_unreadable", "exactly one"),
        ({"image": "https://example.org/a.png"}, "field_refused", "no `data:` URL"),
        ({"image": "data:image/png;base64,%%%"}, "field_refused", "damaged"),
        ({"image": data_url(b"no picture")}, "image_unreadable", "no PNG"),
        ({"image": data_url(saved(page("x"))[:300])}, "image_unreadable", "broken"),
        ({"image": data_url(b"%PDF-1.7")}, "field_refused", "as `document`"),
        ({"image": data_url(saved(page("x"))), "page": 2}, "image_unreadable", "1 pages"),
        ({"image": data_url(saved(page("x"))), "page": 0}, "request_unreadable", "page"),
        ({"image": data_url(saved(page("x"))), "language": "tlh"}, "field_refused", "jpn"),
    ],
)
async def test_what_cannot_be_read_says_why(
    fields: dict[str, object], code: str, says: str
) -> None:
    async with serve(*_OCR) as client:
        answer = await _ask(client, **fields)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert says in error["message"]


@pytest.mark.usefixtures("pdf_reader")
async def test_a_broken_or_endless_document_is_refused() -> None:
    many = data_url(pdf([Image.new("L", (10, 10))] * 3), "application/pdf")
    async with serve(*_OCR, "--most-pages", "2") as client:
        broken = await _ask(client, document=data_url(b"%PDF-1.7 nothing", "application/pdf"))
        endless = await _ask(client, document=many)
    assert broken.json()["error"]["code"] == "document_unreadable"
    assert "more than 2 pages" in endless.json()["error"]["message"]


@pytest.mark.parametrize("layout", ["tesseract", "rows"])
async def test_trocr_reads_each_line_that_the_layout_finds(tiny_trocr: Path, layout: str) -> None:
    picture = data_url(saved(page("Stainless steel 316L", "annealed at 1050 C")))
    async with serve(*_OCR, "--folder", str(tiny_trocr), "--layout", layout) as client:
        [read] = (await _ask(client, image=picture)).json()["pages"]
    assert len(read["lines"]) == 2
    assert all(line["text"] and 0 < line["confidence"] < 1 for line in read["lines"])
    assert read["lines"][0]["box"][3] <= read["lines"][1]["box"][1]
