"""PDF, Office and HTML through kreuzberg, whose Markdown is cut into pieces."""

import re
from collections.abc import Iterator
from html import unescape as unescape_html
from pathlib import Path
from typing import TYPE_CHECKING

from rag.models import Anchor
from rag.parsing.document import Extracted, Piece
from rag.parsing.keywords import listed_keywords
from rag.parsing.line_breaks import join_lines, usual_width
from rag.parsing.markdown import HeadingPath, markdown_pieces, unescape
from rag.parsing.readable import MAX_LABEL_CHARS

if TYPE_CHECKING:
    from kreuzberg import ExtractionConfig, ExtractionResult

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*$", re.MULTILINE)
_HTML_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
_ABOUT_HTML = re.compile(
    r"<head\b.*?</head\s*>|<title\b.*?</title\s*>|<(?:meta|link|base)\b[^>]*>",
    re.IGNORECASE | re.DOTALL,
)
_HYPHEN_AT_LINE_END = "\x02"  # what pdfium makes of it, the line break included
_SLIDE = re.compile("\ue000(\\d+)\ue000")  # private characters: no slide's text holds them
_SLIDE_MARK = "\n\n\ue000{page_num}\ue000\n\n"
_BY_PRINTER = re.compile(r"^Microsoft \w+ - ")  # Office's printer driver puts it before file names


def office_pieces(path: Path) -> Extracted:
    """Return what the file's properties say of it, and its pieces.

    The format is told by the content: names lie.
    """
    # Only files that need kreuzberg pay for it.
    from kreuzberg import detect_mime_type, extract_bytes_sync  # noqa: PLC0415

    raw = path.read_bytes()
    mime = detect_mime_type(raw)
    result = extract_bytes_sync(raw, mime, config=_config(slides="presentation" in mime))
    return _extracted(result, list(_pieces_by_slide(result.content)))


def html_pieces(text: str) -> Extracted:
    """Read HTML that has been decoded already; what it says of its own encoding is overruled."""
    from kreuzberg import extract_bytes_sync  # noqa: PLC0415 - see above

    title = _HTML_TITLE.search(text)
    body = _ABOUT_HTML.sub("", text)  # kreuzberg would put it, as prose, before the text
    result = extract_bytes_sync(body.encode(), "text/html", config=_config())
    found = _title(unescape_html(title[1]) if title else None)
    return Extracted(found, markdown_pieces(result.content))


def pdf_pieces(path: Path) -> Extracted:
    """Read a PDF page by page; headings are lines that stand as headings in the whole text."""
    from kreuzberg import extract_file_sync  # noqa: PLC0415 - see above

    result = extract_file_sync(str(path), "application/pdf", config=_config(pages=True))
    levels = {
        unescape(title): len(marks)
        for marks, title in _HEADING.findall(result.content)
        if len(title) <= MAX_LABEL_CHARS
    }
    headings = HeadingPath()
    pieces: list[Piece] = []
    for page in result.pages or []:
        content = page["content"].replace(_HYPHEN_AT_LINE_END, "")
        lines = [line.strip() for line in content.splitlines()]
        pieces.extend(_page_pieces(lines, page["page_number"], levels, headings))
    return _extracted(result, pieces)


def _pieces_by_slide(content: str) -> Iterator[Piece]:
    """Yield the pieces, each with its slide as its page; outside presentations there are none."""
    before, *slides = _SLIDE.split(content)
    yield from markdown_pieces(before)
    for number, slide in zip(slides[::2], slides[1::2], strict=True):
        yield from markdown_pieces(slide, page=int(number))


def _page_pieces(
    lines: list[str], page: int, levels: dict[str, int], headings: HeadingPath
) -> Iterator[Piece]:
    usual = usual_width(lines)
    block: list[str] = []
    for line in [*lines, ""]:
        level = levels.get(line)
        if block and (not line or level):
            yield _text(block, page, headings, usual=usual)
            block = []
        if level:
            headings.enter(level, line)
            anchor = Anchor(page=page, heading=headings.titles())
            yield Piece(kind="heading", text=line, anchor=anchor)
        elif line:
            block.append(line)


def _text(block: list[str], page: int, headings: HeadingPath, *, usual: float) -> Piece:
    anchor = Anchor(page=page, heading=headings.titles())
    return Piece(kind="text", text=join_lines(block, usual=usual), anchor=anchor)


def _config(*, pages: bool = False, slides: bool = False) -> "ExtractionConfig":
    from kreuzberg import ExtractionConfig, PageConfig  # noqa: PLC0415 - see above

    return ExtractionConfig(
        output_format="markdown",
        use_cache=False,
        pages=PageConfig(
            extract_pages=pages, insert_page_markers=slides, marker_format=_SLIDE_MARK
        ),
    )


def _extracted(result: "ExtractionResult", pieces: list[Piece]) -> Extracted:
    told = result.metadata
    return Extracted(_title(told.get("title")), pieces, listed_keywords(told.get("keywords")))


def _title(found: object) -> str | None:
    title = _BY_PRINTER.sub("", found.strip()) if isinstance(found, str) else ""
    return None if title.casefold() in {"", "untitled", "unspecified"} else title
