"""Workbooks, sheet by sheet."""

from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rag.parsing.document import Piece
from rag.parsing.spreadsheet import spreadsheet_pieces
from tests.rag.parsing.files import xlsx


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[Workbook], list[Piece]]:
    def read(workbook: Workbook) -> list[Piece]:
        path = tmp_path / "workbook"
        workbook.save(path)
        return list(spreadsheet_pieces(path))

    return read


def _workbook(*rows: list[object], title: str = "硬さ") -> tuple[Workbook, Worksheet]:
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = title
    for row in rows:
        sheet.append(row)
    return workbook, sheet


def _texts(pieces: list[Piece]) -> list[str]:
    return [piece.text for piece in pieces]


def test_every_sheet_is_read_and_a_hidden_one_marked(
    saved: Callable[[Workbook], list[Piece]],
) -> None:
    workbook, _ = _workbook(["試料", "硬さ"], ["A", 92])
    hidden = workbook.create_sheet("控え")
    hidden.append([1, 2])
    hidden.sheet_state = "hidden"
    places = [
        (piece.anchor.sheet, piece.anchor.cells, piece.anchor.hidden, piece.header)
        for piece in saved(workbook)
    ]
    assert places == [
        ("硬さ", "A1:B1", False, ""),
        ("硬さ", "A2:B2", False, "試料 | 硬さ"),
        ("控え", "A1:B1", True, ""),
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (date(2024, 1, 5), "2024-01-05"),
        (datetime(2024, 1, 5), "2024-01-05"),  # noqa: DTZ001 - spreadsheets know no time zones
        (datetime(2024, 1, 5, 9, 30), "2024-01-05T09:30:00"),  # noqa: DTZ001 - as above
        (time(9, 30), "09:30:00"),
        (0.1 + 0.2, "0.3"),
        (415.0, "415"),
        (" 硬い ", "硬い"),
        (True, "True"),
    ],
)
def test_a_value_is_shown_as_people_write_it(
    saved: Callable[[Workbook], list[Piece]], value: object, shown: str
) -> None:
    assert _texts(saved(_workbook([value])[0])) == [shown]


def test_merged_cells_stand_where_they_begin(saved: Callable[[Workbook], list[Piece]]) -> None:
    workbook, sheet = _workbook(["AZ91の結果", None, None], ["A", 1, 2])
    sheet.merge_cells("A1:C1")
    assert _texts(saved(workbook)) == ["AZ91の結果", "A | 1 | 2"]


def test_a_formula_is_read_as_its_last_value(tmp_path: Path) -> None:
    row = b'<row r="1"><c r="A1"><f>40+2</f><v>42</v></c></row>'
    (tmp_path / "a.xlsx").write_bytes(xlsx([row]))
    assert _texts(list(spreadsheet_pieces(tmp_path / "a.xlsx"))) == ["42"]


def test_a_formula_never_calculated_is_blank(saved: Callable[[Workbook], list[Piece]]) -> None:
    assert _texts(saved(_workbook(["合計", "=40+2"])[0])) == ["合計"]


def test_two_cells_far_apart_are_two_rows_and_no_more(tmp_path: Path) -> None:
    rows = [
        b'<row r="1"><c r="A1"><v>1</v></c></row>',
        b'<row r="1048576"><c r="XFD1048576"><v>2</v></c></row>',
    ]
    (tmp_path / "far.xlsx").write_bytes(xlsx(rows))
    assert _texts(list(spreadsheet_pieces(tmp_path / "far.xlsx"))) == ["1", "2"]


def test_rows_beyond_the_size_that_the_file_claims_are_read(tmp_path: Path) -> None:
    claim = b'</sheetData><dimension ref="A1"/><sheetData>'
    row = b'<row r="%d"><c r="B%d"><v>%d</v></c></row>'
    (tmp_path / "a.xlsx").write_bytes(xlsx([claim, *(row % (n, n, n) for n in (1, 2))]))
    assert _texts(list(spreadsheet_pieces(tmp_path / "a.xlsx"))) == [" | 1", " | 2"]


def test_an_empty_workbook_has_no_pieces(saved: Callable[[Workbook], list[Piece]]) -> None:
    assert saved(_workbook()[0]) == []
