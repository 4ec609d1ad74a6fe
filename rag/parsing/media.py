"""What kind of file is it? The content decides, the name only where content cannot."""

import mmap
import zipfile
from pathlib import Path, PurePosixPath
from typing import Literal

Media = Literal[
    "pdf", "spreadsheet", "office", "image", "html", "markdown", "csv", "notebook", "code", "text"
]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# How an OLE container's directory names the stream: 64 bytes, the rest of them NUL.
_OLE_ENCRYPTED = "EncryptedPackage".encode("utf-16-le").ljust(64, b"\x00")
_ZIP = b"PK\x03\x04"
_PDF = b"%PDF-"
_PDF_HEADER_BYTES = 1024  # a PDF's header may stand after other bytes, but no further than this
_MOST_NULS = 0.6  # share of NUL bytes in UTF-16 text at most; above it, a file is no text
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_BY_SUFFIX: dict[str, Media] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".rst": "text",
    ".csv": "csv",
    ".tsv": "csv",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".ipynb": "notebook",
}
_CODE_SUFFIXES = frozenset(
    {
        ".bib", ".c", ".cc", ".cpp", ".f", ".f90", ".go", ".h", ".hpp", ".java", ".jl", ".js", ".m",
        ".py", ".r", ".rs", ".sh", ".sql", ".tex", ".ts",
    }
)  # fmt: skip
_MIME_BY_MEDIA: dict[Media, str] = {
    "pdf": "application/pdf",
    "image": "image/*",
    "html": "text/html",
    "markdown": "text/markdown",
    "csv": "text/csv",
    "notebook": "application/x-ipynb+json",
    "code": "text/x-source",
    "text": "text/plain",
    "spreadsheet": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "office": "application/vnd.openxmlformats-officedocument",
}


def media_of(head: bytes, name: str, *, members: frozenset[str] = frozenset()) -> Media | None:
    """Return how to read a file, or None where nothing here reads it.

    `head` is its first kilobytes, `members` the names inside if it is a ZIP archive.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if head.startswith(_PDF) or (suffix == ".pdf" and _PDF in head[:_PDF_HEADER_BYTES]):
        return "pdf"
    if head.startswith(_IMAGES):
        return "image"
    if is_archive(head):
        return _media_of_archive(members)
    if head.startswith((_OLE, b"{\\rtf")):
        return "office"
    return _media_of_text(head, suffix)


def mime_of(media: Media) -> str:
    """Return the media type to show for a kind of file."""
    return _MIME_BY_MEDIA[media]


def is_archive(head: bytes) -> bool:
    """Tell a ZIP archive, which modern Office files are."""
    return head.startswith(_ZIP)


def archive_members(path: Path) -> frozenset[str]:
    """Return the names inside a ZIP archive.

    Raises:
        zipfile.BadZipFile: it is none, or broken, such as half of one.
    """
    with zipfile.ZipFile(path) as archive:
        return frozenset(archive.namelist())


def is_encrypted_office(path: Path) -> bool:
    """Tell a password-protected Office file: an OLE container around an encrypted package."""
    with path.open("rb") as file:
        if file.read(len(_OLE)) != _OLE:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(_OLE_ENCRYPTED) >= 0


def _media_of_archive(members: frozenset[str]) -> Media | None:
    if "xl/workbook.xml" in members:
        return "spreadsheet"
    if "[Content_Types].xml" in members or "mimetype" in members:
        return "office"
    return None


def _media_of_text(head: bytes, suffix: str) -> Media | None:
    if head.count(0) > len(head) * _MOST_NULS:
        return None
    if suffix in _CODE_SUFFIXES:
        return "code"
    return _BY_SUFFIX.get(suffix, "text")
