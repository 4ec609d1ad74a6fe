"""Files of every format, sound and hostile, made in memory."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Final

from docx import Document
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

_FONTS: Final = import_module("reportlab.pdfbase.pdfmetrics")  # it declares no types
_FONT: Final = "HeiseiMin-W3"
_OLE_MAGIC: Final = bytes.fromhex("d0cf11e0a1b11ae1")
_SECTOR: Final = 512
_FREE, _END_OF_CHAIN, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_OFFICE: Final = "http://schemas.openxmlformats.org"
_RELATIONS: Final = f"{_OFFICE}/officeDocument/2006/relationships"


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    title: str = "",
    keywords: str = "",
    password: str | None = None,
) -> bytes:
    """Return a PDF: of each page the first line is large, the others stand close below it."""
    _FONTS.registerFont(UnicodeCIDFont(_FONT))
    written = io.BytesIO()
    encryption = None if password is None else StandardEncryption(password, ownerPassword="owner")
    canvas = Canvas(written, encrypt=encryption, invariant=1)
    canvas.setTitle(title)
    canvas.setKeywords(keywords)
    for heading, *lines in pages:
        canvas.setFont(_FONT, 20)
        canvas.drawString(72, 760, heading)
        canvas.setFont(_FONT, 11)
        for row, line in enumerate(lines):
            canvas.drawString(72, 720 - 16 * row, line)
        canvas.showPage()
    canvas.save()
    return written.getvalue()


def pdf_bomb(unpacked: int) -> bytes:
    """Return a PDF whose page is packed twice: a few kilobytes that become `unpacked` bytes.

    Its checksum is wrong: it is met when all is unpacked, that is, too late.
    """
    megabyte = b" " * 2**20
    packer = zlib.compressobj(9)
    first = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    once = first + again * (unpacked // 2**20 - 1) + b"\x01\x00\x00\xff\xff" + bytes(4)
    twice = zlib.compress(once, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%b\nendstream"
        % (len(twice), twice),
    ]
    body = b"".join(b"%d 0 obj\n%b\nendobj\n" % pair for pair in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Size 5/Root 1 0 R>>\n%%EOF"


def docx(
    heading: str,
    paragraph: str,
    table: Sequence[Sequence[str]] = (),
    title: str = "",
    keywords: str = "",
) -> bytes:
    """Return a Word document."""
    document = Document()
    document.core_properties.title = title
    document.core_properties.keywords = keywords
    document.add_heading(heading, level=1)
    document.add_paragraph(paragraph)
    if table:
        grid = document.add_table(rows=len(table), cols=len(table[0]))
        for row, cells in zip(grid.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def with_member(archive: bytes, name: str, content: str) -> bytes:
    """Return a ZIP archive with one of its files replaced."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(written, "w") as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return written.getvalue()


def word_body(text: str, doctype: str = "") -> str:
    """Return a Word document's main part, whose text may refer to entities of `doctype`."""
    return (
        f'<?xml version="1.0"?>{doctype}'
        f'<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main">'
        f"<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    )


def pptx(slides: Iterable[tuple[str, str]]) -> bytes:
    """Return a presentation; each slide has a title and a text."""
    names = {
        f"ppt/slides/slide{number}.xml": _slide(title, text)
        for number, (title, text) in enumerate(slides, 1)
    }
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="rId{n}"/>' for n in range(1, len(names) + 1))
    presentation = (
        f'<p:presentation xmlns:p="{_OFFICE}/presentationml/2006/main" xmlns:r="{_RELATIONS}">'
        f"<p:sldIdLst>{ids}</p:sldIdLst></p:presentation>"
    )
    parts = {
        "ppt/presentation.xml": presentation,
        "ppt/_rels/presentation.xml.rels": _relations(
            "slide", [name.removeprefix("ppt/") for name in names]
        ),
        **names,
    }
    return _package("ppt/presentation.xml", "presentationml.presentation.main+xml", parts)


def xlsx(rows: Iterable[bytes]) -> bytes:
    """Return a workbook of one sheet whose XML rows are written as they are, however many."""
    workbook = (
        f'<workbook xmlns="{_OFFICE}/spreadsheetml/2006/main" xmlns:r="{_RELATIONS}">'
        '<sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    start = f'<worksheet xmlns="{_OFFICE}/spreadsheetml/2006/main"><sheetData>'.encode()
    parts: dict[str, str | list[bytes]] = {
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": _relations("worksheet", ["worksheets/sheet1.xml"]),
        "xl/worksheets/sheet1.xml": [start, *rows, b"</sheetData></worksheet>"],
    }
    return _package("xl/workbook.xml", "spreadsheetml.sheet.main+xml", parts)


def ole_container(stream: str, *, filler: int = 0) -> bytes:
    """Return the container of old and of encrypted Office files: one stream, directory last."""
    sectors = -(-filler // _SECTOR)
    fats = -(-(sectors + 2) // (_SECTOR // 4 - 1))
    entries = _entry("Root Entry", kind=5, child=1) + _entry(stream, kind=2)
    directory, no_mini_fat, no_more_fats = fats + sectors, (_END_OF_CHAIN, 0), (_END_OF_CHAIN, 0)
    header = struct.pack(
        "<8s16x5H6x9I",
        *(_OLE_MAGIC, 62, 3, 0xFFFE, 9, 6),
        *(0, fats, directory, 0, 4096, *no_mini_fat, *no_more_fats),
    )
    fat_places = [*range(fats), *[_FREE] * (109 - fats)]
    chain = [_FAT] * fats + [_END_OF_CHAIN] * (sectors + 1)
    chain += [_FREE] * (fats * (_SECTOR // 4) - len(chain))
    return (
        header
        + struct.pack("<109I", *fat_places)
        + struct.pack(f"<{len(chain)}I", *chain)
        + bytes(sectors * _SECTOR)
        + entries.ljust(_SECTOR, b"\x00")
    )


def _entry(name: str, *, kind: int, child: int = _FREE) -> bytes:
    encoded = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBB3I16x4x16xI2I", encoded, len(encoded) + 2, kind, 1, _FREE, _FREE, child,
        _END_OF_CHAIN, 0, 0,
    )  # fmt: skip


def _slide(title: str, text: str) -> str:
    def shape(number: int, kind: str, words: str) -> str:
        return (
            f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name=""/><p:cNvSpPr/>'
            f"<p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/>"
            f"<a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>"
        )

    shapes = shape(2, 'type="title"', title) + shape(3, 'idx="1"', text)
    return (
        f'<p:sld xmlns:a="{_OFFICE}/drawingml/2006/main"'
        f' xmlns:p="{_OFFICE}/presentationml/2006/main"><p:cSld><p:spTree>'
        '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
        f"{shapes}</p:spTree></p:cSld></p:sld>"
    )


def _relations(kind: str, targets: Sequence[str]) -> str:
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for number, target in enumerate(targets, 1)
    )
    return (
        f'<Relationships xmlns="{_OFFICE}/package/2006/relationships">{relations}</Relationships>'
    )


def _package(main: str, content_type: str, parts: Mapping[str, str | list[bytes]]) -> bytes:
    office = "application/vnd.openxmlformats-officedocument"
    types = (
        f'<Types xmlns="{_OFFICE}/package/2006/content-types">'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="{office}.{content_type}"/></Types>'
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", _relations("officeDocument", [main]))
        for name, content in parts.items():
            with archive.open(name, "w", force_zip64=True) as part:
                part.writelines([content.encode()] if isinstance(content, str) else content)
    return written.getvalue()
