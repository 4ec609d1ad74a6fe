"""Make a page of a picture or a PDF: an upright PNG. Run only where it may be killed."""

import io
import math
import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from PIL import Image, ImageOps, UnidentifiedImageError

from inference.model_server.child import Unreadable, answer_one

_FORMATS: Final = ("PNG", "JPEG", "TIFF", "WEBP")
_POINTS_AN_INCH: Final = 72
_PDF: Final = b"%PDF-"
_HEAD: Final = 1024  # readers look for the mark of a PDF so far
_WHITE: Final = (255, 255, 255)


def read_page(job: Mapping[str, Any], data: bytes) -> tuple[Mapping[str, object], bytes]:
    """Return a page as PNG: facts are its width and height, and how many pages there are.

    Raises:
        Unreadable: and why.
    """
    if _PDF in data[:_HEAD]:
        picture, pages = _of_pdf(data, job)
    else:
        picture, pages = _of_picture(data, job)
    saved = io.BytesIO()
    picture.save(saved, "PNG", compress_level=1)
    facts = {"width": picture.width, "height": picture.height, "pages": pages}
    return facts, saved.getvalue()


def _of_picture(data: bytes, job: Mapping[str, Any]) -> tuple[Image.Image, int]:
    most: int = job["most_pixels"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # we set our own limit; what is odd is still read
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                pages = int(getattr(opened, "n_frames", 1))
                if job["page"] > pages:
                    raise Unreadable(f"it has {pages} pages")
                opened.seek(job["page"] - 1)
                if opened.width * opened.height > most:
                    raise Unreadable(f"it has more than {most:,} pixels")
                return _plain(ImageOps.exif_transpose(opened)), pages
    except Image.DecompressionBombError as error:
        raise Unreadable(f"it has more than {most:,} pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Unreadable("it is no PNG, JPEG, TIFF or WebP picture, or it is broken") from error


def _plain(picture: Image.Image) -> Image.Image:
    """Return it without transparency, in three colours of 8 bits."""
    if picture.mode.startswith("I"):  # 16 bits, which `convert` would cut off at 255
        return picture.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, _WHITE)
        paper.paste(layers, mask=layers.getchannel("A"))
        return paper
    return picture.convert("RGB")


def _of_pdf(data: bytes, job: Mapping[str, Any]) -> tuple[Image.Image, int]:
    pdfium: Any = import_module("pypdfium2")
    try:
        document = pdfium.PdfDocument(data)
        pages = len(document)
        if pages > job["most_pages"]:
            raise Unreadable(f"it has more than {job['most_pages']} pages")
        if job["page"] > pages:
            raise Unreadable(f"it has {pages} pages")
        page = document[job["page"] - 1]
        picture = page.render(scale=_scale(page.get_size(), job)).to_pil()
    except pdfium.PdfiumError as error:
        raise Unreadable("the PDF is broken or encrypted") from error
    return picture.convert("RGB"), pages


def _scale(points: tuple[float, float], job: Mapping[str, Any]) -> float:
    """Return how many pixels a point becomes: fewer where the page is a poster."""
    wanted = job["dots_an_inch"] / _POINTS_AN_INCH
    area = max(points[0] * points[1], 1.0)
    return float(min(wanted, math.sqrt(job["most_pixels"] / area) * 0.999))


if __name__ == "__main__":
    answer_one(read_page)
