"""One sound file of each format, read to the end: title, pieces, anchors."""

from pathlib import Path

import pytest

from rag.models import Anchor
from rag.parsing.child import read_document
from rag.parsing.document import ParsedDocument
from rag.parsing.limits import ParseLimits
from rag.parsing.problems import ParseFailed
from tests.rag.parsing.conftest import outline
from tests.rag.parsing.files import docx, pdf, pptx

LIMITS = ParseLimits(text_file_bytes=1000, text_chars=400)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def _read(folder: Path, content: bytes | str, name: str) -> ParsedDocument:
    path = folder / "file"  # its name says nothing
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_document(path, name, LIMITS)


def test_a_pdf_is_read_page_by_page_under_its_headings(folder: Path) -> None:
    pages = [["第一章 緒言", "本研究ではAZ91を調べた。"], ["第二章 結果", "硬さは92HVであった。"]]
    document = _read(folder, pdf(pages, title="報告書"), "a.pdf")
    assert (document.title, document.media_type) == ("報告書", "application/pdf")
    assert [(piece.text, piece.anchor) for piece in document.pieces] == [
        ("第一章 緒言", Anchor(page=1, heading=("第一章 緒言",))),
        ("本研究ではAZ91を調べた。", Anchor(page=1, heading=("第一章 緒言",))),
        ("第二章 結果", Anchor(page=2, heading=("第二章 結果",))),
        ("硬さは92HVであった。", Anchor(page=2, heading=("第二章 結果",))),
    ]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (pdf([["見出し", "本文"]], keywords="XRD, 熱処理"), "a.pdf"),
        (docx("見出し", "本文", keywords="XRD; 熱処理"), "a.docx"),
        ("---\ntags: [XRD, 熱処理]\n---\n本文", "a.md"),
    ],
    ids=["pdf", "docx", "markdown"],
)
def test_the_keywords_of_a_document_are_its_own(
    folder: Path, content: bytes | str, name: str
) -> None:
    assert _read(folder, content, name).keywords == ["XRD", "熱処理"]


def test_a_document_without_keywords_has_none(folder: Path) -> None:
    assert _read(folder, "XRD", "a.txt").keywords == []


def test_a_word_parted_at_a_line_end_is_whole(folder: Path) -> None:
    lines = ["Report", "The alloy was heat-treated and its micro-", "structure was observed then."]
    document = _read(folder, pdf([lines]), "a.pdf")
    assert "its microstructure was observed" in document.pieces[-1].text


def test_the_lines_of_a_paragraph_are_one(folder: Path) -> None:
    lines = [
        "見出し",
        "本研究ではマグネシウム合金の硬さを",
        "測定し、熱処理の影響を調べること",
        "にした。",
    ]
    document = _read(folder, pdf([lines]), "a.pdf")
    assert document.pieces[-1].text == "".join(lines[1:])


def test_a_title_given_by_a_printer_loses_its_prefix(folder: Path) -> None:
    document = _read(folder, pdf([["本文"]], title="Microsoft Word - 報告書.docx"), "a.pdf")
    assert document.title == "報告書.docx"


def test_a_pdf_that_only_its_owner_may_change_is_read(folder: Path) -> None:
    assert _read(folder, pdf([["本文"]], password=""), "a.pdf").pieces[0].text == "本文"


def test_a_word_document_has_headings_paragraphs_and_tables(folder: Path) -> None:
    table = [["項目", "値"], ["温度", "415"]]
    document = _read(folder, docx("試料の準備", "#1200で研磨する。", table, "手順書"), "a.docx")
    assert document.title == "手順書"
    assert outline(document.pieces) == [
        ("heading", "試料の準備"),
        ("text", "#1200で研磨する。"),
        ("table", "項目 | 値"),
        ("table", "温度 | 415"),
    ]
    assert {piece.anchor.heading for piece in document.pieces} == {("試料の準備",)}


def test_a_slide_is_a_page(folder: Path) -> None:
    document = _read(folder, pptx([("硬さ", "時効で上がる。"), ("まとめ", "415℃")]), "a.pptx")
    assert [(piece.text, piece.anchor.page) for piece in document.pieces] == [
        ("硬さ", 1),
        ("時効で上がる。", 1),
        ("まとめ", 2),
        ("415℃", 2),
    ]


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp"])
def test_html_is_read_in_its_encoding_whatever_it_declares(folder: Path, codec: str) -> None:
    html = (
        '<html><head><meta charset="iso-8859-1"><title>実験ノート</title></head><body>'
        "<h1>結果</h1><p>硬さを測定した。</p><script>alert(1)</script></body></html>"
    )
    document = _read(folder, html.encode(codec), "a.html")
    assert document.title == "実験ノート"
    assert outline(document.pieces) == [("heading", "結果"), ("text", "硬さを測定した。")]


@pytest.mark.parametrize(
    ("name", "content", "pieces"),
    [
        ("a.csv", "試料,硬さ\nA,92\n", [("table", "試料 | 硬さ"), ("table", "A | 92")]),
        ("a.tsv", "試料\t硬さ\nA\t92\n", [("table", "試料 | 硬さ"), ("table", "A | 92")]),
        ("a.md", "# 結果\n\n硬い。", [("heading", "結果"), ("text", "硬い。")]),
        ("a.py", "x = 1\n", [("code", "x = 1")]),
        ("a.txt", "硬い。\n", [("text", "硬い。")]),
        ("README", "硬い。\n", [("text", "硬い。")]),
        ("a.ipynb", '{"cells": [{"source": "x", "outputs": []}]}', [("code", "x")]),
        ("text.xlsx", "硬い。", [("text", "硬い。")]),
        ("text.pdf", "硬い。", [("text", "硬い。")]),
    ],
)
def test_text_formats_are_told_by_name_where_content_cannot(
    folder: Path, name: str, content: str, pieces: list[tuple[str, str]]
) -> None:
    assert outline(_read(folder, content, name).pieces) == pieces


def test_a_pdf_called_text_is_a_pdf(folder: Path) -> None:
    assert _read(folder, pdf([["本文"]]), "a.txt").media_type == "application/pdf"


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("# 手順\n\n本文", "手順"),
        ("本文\n\n# 手順", ""),
        ("# " + "題 " * 99, "題 " * 99 + "題"),
    ],
)
def test_the_title_is_the_heading_at_the_top_if_there_is_one(
    folder: Path, content: str, title: str
) -> None:
    assert _read(folder, content, "a/../b.md").title == title.removesuffix(" 題")


def test_what_a_file_is_called_changes_nothing_but_its_format(folder: Path) -> None:
    assert _read(folder, "本文", "../../etc/passwd.md") == _read(folder, "本文", "メモ.md")


def test_control_characters_are_not_text(folder: Path) -> None:
    [piece] = _read(folder, "装置の記録である。硬さ\x00は92であった。", "a.txt").pieces
    assert piece.text == "装置の記録である。硬さ は92であった。"


def test_half_a_surrogate_pair_in_a_notebook_can_still_be_stored(folder: Path) -> None:
    notebook = r'{"cells": [{"id": "\udc00", "cell_type": "markdown", "source": "# \ud83d硬さ"}]}'
    document = _read(folder, notebook, "a.ipynb")
    document.model_dump_json().encode()
    assert outline(document.pieces) == [("heading", " 硬さ")]


@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "a.pdf", "empty_file"),
        (b" \n\n", "a.txt", "no_text"),
        (b'{"cells": []}', "a.ipynb", "no_text"),
        (bytes(5000), "a.txt", "unsupported"),
        (b"a" * 1001, "a.txt", "too_large"),
        (b"a" * 401, "a.txt", "too_large"),
    ],
)
def test_what_gives_no_text_says_why(folder: Path, content: bytes, name: str, reason: str) -> None:
    with pytest.raises(ParseFailed) as failed:
        _read(folder, content, name)
    assert failed.value.reason == reason
