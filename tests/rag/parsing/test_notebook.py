"""Notebooks, cell by cell."""

import json

import pytest

from rag.parsing.document import Piece
from rag.parsing.notebook import notebook_pieces


def _pieces(*cells: object) -> list[Piece]:
    return notebook_pieces(json.dumps({"cells": cells}))


def _code(source: object, *outputs: object, cell_id: str = "a1") -> dict[str, object]:
    return {"id": cell_id, "cell_type": "code", "source": source, "outputs": outputs}


def test_prose_is_read_as_markdown_under_the_cells_id() -> None:
    heading, text = _pieces(
        {"id": "m1", "cell_type": "markdown", "source": ["# 解析\n", "\n", "本文"]}
    )
    assert (heading.kind, text.kind, text.text) == ("heading", "text", "本文")
    assert (text.anchor.cell, text.anchor.heading) == ("m1", ("解析",))


def test_headings_reach_the_cells_below() -> None:
    _, code = _pieces({"cell_type": "markdown", "source": "# 解析"}, _code("x = 1"))
    assert (code.kind, code.text, code.anchor.heading) == ("code", "x = 1", ("解析",))


def test_a_cell_without_an_id_is_known_by_its_number() -> None:
    [piece] = _pieces({"cell_type": "raw", "source": " "}, {"cell_type": "code", "source": "x"})
    assert piece.anchor.cell == "2"


@pytest.mark.parametrize(
    "output",
    [
        {"output_type": "stream", "text": ["硬さ ", "92\n"]},
        {"output_type": "execute_result", "data": {"text/plain": "硬さ 92"}},
        {"output_type": "display_data", "data": {"image/png": "iVBO", "text/plain": ["硬さ 92"]}},
    ],
)
def test_what_code_printed_is_a_piece_of_its_cell(output: object) -> None:
    _, printed = _pieces(_code("show()", output))
    assert (printed.kind, printed.text, printed.anchor.cell) == ("text", "硬さ 92", "a1")


def test_pictures_and_errors_are_not_text() -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "iVBO"}}
    error = {"output_type": "error", "ename": "E", "traceback": ["\x1b[31m"]}
    assert [piece.kind for piece in _pieces(_code("x", picture, error))] == ["code"]


def test_a_notebook_without_cells_has_no_pieces() -> None:
    assert _pieces() == []


ODD_CELLS: list[object] = [
    *(None, 3, {}, {"source": 5}),
    {"cell_type": "code", "source": [1], "outputs": [2, {}]},
]


@pytest.mark.parametrize("cell", ODD_CELLS)
def test_a_cell_of_another_shape_is_passed_over(cell: object) -> None:
    assert [piece.text for piece in _pieces(cell, _code("x = 1"))] == ["x = 1"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"cells": 3}', '{"nbformat": 3, "worksheets": []}']
)
def test_what_is_no_notebook_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"cells|Expecting"):
        notebook_pieces(text)
