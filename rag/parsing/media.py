"""What kind of file is it? The content decides, the name only where content cannot."""

import zipfile
from pathlib import Path, PurePosixPath
from typing import Literal

Media = Literal[
    "pdf", "spreadsheet", "office", "image", "html", "markdown", "csv", "notebook", "code", "text"
]

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_DIRECTORY_BYTES = 2**20
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
        ".bib",
        ".c",
        ".cc",
        ".cpp",
        ".f",
        ".f90",
        ".go",
        ".h",
        ".hpp",
        ".java",
        ".jl",
        ".js",
        ".m",
        ".py",
        ".r",
        ".rs",
        ".sh",
        ".sql",
        ".tex",
        ".ts",
    }
)
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
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(_IMAGES):
        return "image"
    if head.startswith(b"PK\x03\x04"):
        return _media_of_archive(members)
    if head.startswith((_OLE, b"{\\rtf")):
        return "office"
    return _media_of_text(head, PurePosixPath(name).suffix.lower())


def mime_of(media: Media) -> str:
    """Return the media type to show for a kind of file."""
    return _MIME_BY_MEDIA[media]


def archive_members(path: Path) -> frozenset[str]:
    """Return the names inside a ZIP archive; empty where it is none or broken."""
    try:
        with zipfile.ZipFile(path) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return frozenset()


def is_encrypted_office(path: Path) -> bool:
    """Tell a password-protected Office file: an OLE container around an encrypted package."""
    with path.open("rb") as file:
        if file.read(len(_OLE)) != _OLE:
            return False
        directory = file.read(_OLE_DIRECTORY_BYTES)
    return "EncryptedPackage".encode("utf-16-le") in directory


def _media_of_archive(members: frozenset[str]) -> Media | None:
    if "xl/workbook.xml" in members:
        return "spreadsheet"
    if "[Content_Types].xml" in members or "mimetype" in members:
        return "office"
    return None


def _media_of_text(head: bytes, suffix: str) -> Media | None:
    has_bom = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not has_bom and head.count(0) > len(head) * 0.6:
        return None
    if suffix in _CODE_SUFFIXES:
        return "code"
    return _BY_SUFFIX.get(suffix, "text")
