"""Markdown as pieces under their headings."""

from rag.parsing.document import Piece
from rag.parsing.markdown import HeadingPath, markdown_pieces
from tests.rag.parsing.conftest import outline


def _headings(text: str) -> list[tuple[str, ...]]:
    return [piece.anchor.heading for piece in markdown_pieces(text)]


def test_a_piece_knows_the_headings_above_it() -> None:
    assert _headings("# 緒言\n\n背景\n\n## 目的\n\n本文\n\n# 結果\n\n本文") == [
        ("緒言",),
        ("緒言",),
        ("緒言", "目的"),
        ("緒言", "目的"),
        ("結果",),
        ("結果",),
    ]


def test_a_skipped_level_is_no_level() -> None:
    assert _headings("# A\n### C\n## B") == [("A",), ("A", "C"), ("A", "B")]


def test_the_path_goes_on_from_text_to_text() -> None:
    path = HeadingPath()
    markdown_pieces("# 緒言", path=path)
    assert markdown_pieces("本文", path=path, cell="3")[0].anchor.heading == ("緒言",)


def test_place_fields_reach_every_anchor() -> None:
    assert {piece.anchor.page for piece in markdown_pieces("# A\n\nb", page=4)} == {4}


def test_marks_that_close_a_heading_are_not_its_text() -> None:
    texts = [piece.text for piece in markdown_pieces("## 方法 ##\n# C#\n# F \\#1")]
    assert texts == ["方法", "C#", "F #1"]


def test_number_signs_without_a_space_are_no_heading() -> None:
    assert outline(markdown_pieces("#1200の研磨紙")) == [("text", "#1200の研磨紙")]


def test_a_whole_paragraph_marked_as_heading_is_text() -> None:
    assert outline(markdown_pieces("# " + "長" * 201)) == [("text", "# " + "長" * 201)]


def test_paragraphs_are_separate_and_keep_their_lines() -> None:
    assert outline(markdown_pieces("一\n二\n\n三")) == [("text", "一\n二"), ("text", "三")]


def test_fenced_code_is_one_piece_whatever_it_holds() -> None:
    assert outline(markdown_pieces("前\n```python\n# not a heading\n\nx = 1\n```\n後")) == [
        ("text", "前"),
        ("code", "# not a heading\n\nx = 1"),
        ("text", "後"),
    ]


def test_a_fence_that_never_closes_holds_the_rest() -> None:
    assert outline(markdown_pieces("~~~\nx\n\ny")) == [("code", "x\n\ny")]


def test_code_within_a_line_opens_no_fence() -> None:
    assert outline(markdown_pieces("```x = 1``` とする。\n\n# 次")) == [
        ("text", "```x = 1``` とする。"),
        ("heading", "次"),
    ]


def test_a_table_is_a_piece_for_each_row_with_the_column_names() -> None:
    pieces = markdown_pieces("| 試料 | 硬さ |\n|---|:-:|\n| A | 92 |\n| B\\|C | |")
    assert [(piece.text, piece.header) for piece in pieces] == [
        ("試料 | 硬さ", ""),
        ("A | 92", "試料 | 硬さ"),
        ("B|C | ", "試料 | 硬さ"),
    ]
    assert {piece.kind for piece in pieces} == {"table"}


def test_a_rule_of_single_dashes_makes_a_table_too() -> None:
    assert [piece.header for piece in markdown_pieces("a|b\n-|-\n1|2")] == ["", "a | b"]


def test_a_line_under_a_paragraph_is_no_table() -> None:
    assert outline(markdown_pieces("本文\n---")) == [("text", "本文\n---")]


def test_of_a_picture_only_its_description_is_text() -> None:
    picture = "![硬さの分布](data:image/png;base64,iVBORw0KGgo=)"
    pieces = markdown_pieces(f"図1 {picture}を示す。\n\n|図|\n|-|\n|{picture}|")
    assert [piece.text for piece in pieces] == ["図1 硬さの分布を示す。", "図", "硬さの分布"]


def test_backslashes_that_protect_punctuation_go() -> None:
    assert outline(markdown_pieces(r"\#1 は a\_b")) == [("text", "#1 は a_b")]


def test_an_empty_text_has_no_pieces() -> None:
    nothing: list[Piece] = []
    assert markdown_pieces(" \n\n") == nothing
