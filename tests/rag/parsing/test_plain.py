"""Plain text and source code."""

from rag.parsing.plain import code_pieces, text_pieces
from tests.rag.parsing.conftest import outline


def test_a_paragraph_ends_at_a_blank_line() -> None:
    assert outline(text_pieces("一\n二\n \n\n三\n")) == [("text", "一\n二"), ("text", "三")]


def test_code_is_split_where_its_author_left_a_line_and_keeps_its_indent() -> None:
    assert outline(code_pieces("def a():\n    x\n\n    y\n")) == [
        ("code", "def a():\n    x"),
        ("code", "    y"),
    ]


def test_white_space_has_no_pieces() -> None:
    assert text_pieces(" \n\n \n") == []
