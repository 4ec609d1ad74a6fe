"""Pictures of writing: a page of two accented verses, and a specimen's handwritten label."""

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_DOTS_PER_INCH = 300
_PAGE = (1748, 1240)  # A6 across
_LABEL = (1500, 900)
_PAPER, _TABLE, _INK = 244, 120, 40
_TILT = 0.7  # degrees: nobody lays a label straight under the camera


def page_of_verses(lines: Sequence[str], font: Path) -> bytes:
    """Return a page as PNG, its lines centred, Devanagari shaped with its accents in place."""
    letters = ImageFont.truetype(font, 64, layout_engine=ImageFont.Layout.RAQM)
    page = Image.new("L", _PAGE, 255)
    draw = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        place = (_PAGE[0] // 2, 120 + 134 * number)
        draw.text(place, line, fill=0, font=letters, anchor="ma", language="sa")
    return _png(page)


def label_of(lines: Sequence[str], font: Path) -> bytes:
    """Return a handwritten label as PNG, lying askew on a grey table."""
    letters = ImageFont.truetype(font, 68)
    label = Image.new("L", _LABEL, _PAPER)
    draw = ImageDraw.Draw(label)
    draw.rectangle((18, 18, _LABEL[0] - 18, _LABEL[1] - 18), outline=_INK, width=4)
    for number, line in enumerate(lines):
        draw.text((90, 80 + 128 * number), line, fill=_INK, font=letters)
    table = Image.new("L", (_LABEL[0] + 200, _LABEL[1] + 200), _TABLE)
    table.paste(label, (100, 100))
    return _png(table.rotate(_TILT, resample=Image.Resampling.BICUBIC, fillcolor=_TABLE))


def _png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", dpi=(_DOTS_PER_INCH, _DOTS_PER_INCH), optimize=True)
    return file.getvalue()
