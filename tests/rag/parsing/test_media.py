"""What kind of file it is: the content decides, the name only where content cannot."""

import zipfile
from pathlib import Path

import pytest

from rag.parsing.media import Media, archive_members, is_encrypted_office, media_of
from tests.rag.parsing.files import ole_container


@pytest.mark.parametrize(
    ("head", "name", "media"),
    [
        (b"%PDF-1.7\n", "a.txt", "pdf"),
        (b"\x00junk\n%PDF-1.4\n", "a.PDF", "pdf"),
        (b"A PDF starts with %PDF-1.4.\n", "about.md", "markdown"),
        (b"\x89PNG\r\n\x1a\n", "a.pdf", "image"),
        (b"\xff\xd8\xff\xe0", "a", "image"),
        (b"II*\x00", "page.tif", "image"),
        (b"{\\rtf1 ", "a.rtf", "office"),
        (b"a,b\n", "a.CSV", "csv"),
        (b"a\tb\n", "a.tsv", "csv"),
        (b"a,b\n", "a.xlsx", "text"),
        (b"<html>", "a.htm", "html"),
        (b"{}", "a.ipynb", "notebook"),
        (b"x = 1\n", "a.py", "code"),
        (b"x\n", "README", "text"),
        (b"", "../../etc/passwd", "text"),
        ("硬さ".encode("utf-16"), "a.csv", "csv"),
        (b"\x00" * 8192, "a.txt", None),
    ],
)
def test_content_comes_before_the_name(head: bytes, name: str, media: Media | None) -> None:
    assert media_of(head, name) == media


@pytest.mark.parametrize(
    ("members", "media"),
    [
        ({"[Content_Types].xml", "xl/workbook.xml"}, "spreadsheet"),
        ({"[Content_Types].xml", "word/document.xml"}, "office"),
        ({"mimetype", "content.xml"}, "office"),
        ({"a.txt"}, None),
    ],
)
def test_an_archive_is_what_it_holds(members: set[str], media: Media | None) -> None:
    assert media_of(b"PK\x03\x04", "a.docx", members=frozenset(members)) == media


def test_the_members_of_an_archive_are_named_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("../../outside.txt", "")
    assert archive_members(tmp_path / "a.zip") == {"../../outside.txt"}


def test_half_an_archive_is_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(zipfile.BadZipFile):
        archive_members(tmp_path / "a.docx")


@pytest.mark.parametrize("filler", [0, 3 * 2**20])
def test_an_encrypted_office_file_is_told_wherever_its_directory_stands(
    tmp_path: Path, filler: int
) -> None:
    (tmp_path / "a.docx").write_bytes(ole_container("EncryptedPackage", filler=filler))
    assert is_encrypted_office(tmp_path / "a.docx")


def test_an_old_office_file_that_speaks_of_encryption_is_not_encrypted(tmp_path: Path) -> None:
    text = "EncryptedPackage とは".encode("utf-16-le")
    (tmp_path / "a.doc").write_bytes(ole_container("WordDocument") + text)
    assert not is_encrypted_office(tmp_path / "a.doc")


def test_an_empty_file_is_not_encrypted(tmp_path: Path) -> None:
    (tmp_path / "a.doc").touch()
    assert not is_encrypted_office(tmp_path / "a.doc")
