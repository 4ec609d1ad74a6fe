"""The Japanese report as PDF, in fonts that every PDF viewer brings along."""

import io

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import PageBreak as NextPage
from reportlab.platypus import Paragraph as Words
from reportlab.platypus import Table as Grid

from samples.markup import Block, Heading, PageBreak, Paragraph, Table

_MINCHO, _GOTHIC = "HeiseiMin-W3", "HeiseiKakuGo-W5"
_BODY = ParagraphStyle(
    "body", fontName=_MINCHO, fontSize=10.5, leading=18, spaceAfter=8, wordWrap="CJK"
)
_CELL = ParagraphStyle("cell", fontName=_MINCHO, fontSize=10.5, leading=15, wordWrap="CJK")
_HEADINGS = {
    1: ParagraphStyle("title", fontName=_GOTHIC, fontSize=18, leading=28, spaceAfter=16),
    2: ParagraphStyle("section", fontName=_GOTHIC, fontSize=16, leading=22, spaceAfter=8),
    3: ParagraphStyle("subsection", fontName=_GOTHIC, fontSize=13, leading=20, spaceAfter=6),
}
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.grey),
        ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
    ]
)


def pdf_of(blocks: list[Block]) -> bytes:
    """Return the document as PDF; the same bytes every time, nothing compressed."""
    for font in (_MINCHO, _GOTHIC):
        pdfmetrics.registerFont(UnicodeCIDFont(font))
    file = io.BytesIO()
    SimpleDocTemplate(
        file,
        pagesize=A4,
        title=next(block.text for block in blocks if isinstance(block, Heading)),
        leftMargin=25 * mm,
        rightMargin=25 * mm,
        invariant=1,
        pageCompression=0,
    ).build([flowable for block in blocks for flowable in _flowables(block)])
    return file.getvalue()


def _flowables(block: Block) -> list[Flowable]:
    match block:
        case Heading(level, text):
            return [Words(text, _HEADINGS[level])]
        case Paragraph(text):
            return [Words(text, _BODY)]
        case Table(rows):
            cells = [[Words(cell, _CELL) for cell in row] for row in rows]
            return [Grid(cells, colWidths=160 * mm / len(rows[0]), style=_GRID), Spacer(0, 10)]
        case PageBreak():
            return [NextPage()]
