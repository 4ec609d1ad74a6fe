"""The protocol as a Word document."""

import io

from docx import Document
from docx.document import Document as WordDocument

from samples.archive import without_times
from samples.markup import Block, Heading, Paragraph, Table


def docx_of(blocks: list[Block]) -> bytes:
    """Return the document as DOCX; the same bytes every time."""
    document = Document()
    properties = document.core_properties
    properties.title = next(block.text for block in blocks if isinstance(block, Heading))
    properties.author = ""
    for block in blocks:
        _add(document, block)
    file = io.BytesIO()
    document.save(file)
    return without_times(file.getvalue())


def _add(document: WordDocument, block: Block) -> None:
    match block:
        case Heading(level, text):
            document.add_heading(text, level - 1)
        case Paragraph(text):
            document.add_paragraph(text)
        case Table(rows):
            _add_table(document, rows)
        case _:
            raise ValueError(f"a protocol has no {block}")


def _add_table(document: WordDocument, rows: tuple[tuple[str, ...], ...]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
