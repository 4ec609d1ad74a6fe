"""What reads a page: Tesseract by itself, or TrOCR line by line."""

import asyncio
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final, Protocol

from PIL import Image

from inference.model_server.line_boxes import Box, line_boxes
from inference.model_server.pages import Page
from inference.model_server.threads import in_thread
from inference.problems import OcrUnavailable
from inference.settings import OcrSettings
from inference.tesseract import TesseractOcr, open_tesseract
from inference.trocr import ReadText, TrOcr

_PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class ReadLine:
    """A line: `confidence` 0 to 1, `box` left, top, right, bottom in pixels of the page."""

    text: str
    confidence: float
    box: Box


class PageReader(Protocol):
    """Reads pages, once it is loaded."""

    async def load(self) -> None:
        """Load the model.

        Raises:
            Problem: it cannot be loaded.
        """
        ...

    async def read(self, page: Page, languages: Sequence[str]) -> list[ReadLine]:
        """Return its lines, top to bottom; languages as ISO 639-1.

        Raises:
            Problem: it cannot be read.
        """
        ...


@dataclass(kw_only=True)
class TesseractReader:
    """Implements `PageReader`."""

    settings: OcrSettings
    _ocr: TesseractOcr | None = None

    async def load(self) -> None:
        """Look for the program.

        Raises:
            OcrUnavailable: it is not installed, or does not work.
        """
        self._ocr = await open_tesseract(self.settings)
        if self._ocr is None:
            raise OcrUnavailable("tesseract-ocr")

    async def read(self, page: Page, languages: Sequence[str]) -> list[ReadLine]:
        if self._ocr is None:
            raise RuntimeError("asked before it was loaded")
        lines = await self._ocr.read_image(page.png, languages=languages)
        return [
            ReadLine(line.text, max(0.0, line.confidence) / _PERCENT, _corners(line.box))
            for line in lines
        ]


@dataclass(kw_only=True)
class TrOcrReader:
    """Implements `PageReader`: where the lines are says Tesseract, or the ink of the rows."""

    open: Callable[[], TrOcr]
    layout: TesseractReader | None = None
    _model: TrOcr | None = None

    async def load(self) -> None:
        """Load the model; see `TrOcr`."""
        if self.layout is not None:
            await self.layout.load()
        self._model = await asyncio.to_thread(self.open)

    async def read(self, page: Page, languages: Sequence[str]) -> list[ReadLine]:
        model = self._model
        if model is None:
            raise RuntimeError("asked before it was loaded")
        boxes: Sequence[Box] | None = None
        if self.layout is not None:
            boxes = [line.box for line in await self.layout.read(page, languages)]
        found = await in_thread(lambda stop: _read(model, page, boxes, stop))
        return [ReadLine(read.text, read.confidence, box) for box, read in found if read.text]


def _read(
    model: TrOcr, page: Page, boxes: Sequence[Box] | None, stop: Event
) -> list[tuple[Box, ReadText]]:
    with Image.open(io.BytesIO(page.png), formats=("PNG",)) as opened:
        picture = opened.convert("RGB")
    places = line_boxes(picture) if boxes is None else boxes
    read = model.read([picture.crop(box) for box in places], stop)
    return list(zip(places, read, strict=not stop.is_set()))


def _corners(box: tuple[int, int, int, int]) -> Box:
    left, top, width, height = box
    return (left, top, left + width, top + height)
