"""Rows with their cells and column names."""

import pytest

from rag.parsing.tables import column_letters, csv_rows, row_range, table_pieces

HEADER = ["試料", "硬さ", "温度"]
ROWS = [["A", "92", "415"], ["B", "88", "420"]]


def _headers(rows: list[list[str]]) -> list[str]:
    return [piece.header for piece in table_pieces(rows)]


@pytest.mark.parametrize(("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (16383, "XFD")])
def test_columns_are_named_as_spreadsheets_name_them(index: int, letters: str) -> None:
    assert column_letters(index) == letters


def test_a_range_covers_one_row() -> None:
    assert row_range(3, 28) == "A3:AB3"


def test_a_row_carries_its_cells_and_the_column_names() -> None:
    names, first, _ = table_pieces([HEADER, *ROWS], sheet="結果", hidden=True)
    assert (names.text, names.header) == ("試料 | 硬さ | 温度", "")
    assert (first.text, first.header) == ("A | 92 | 415", "試料 | 硬さ | 温度")
    assert (first.anchor.sheet, first.anchor.cells, first.anchor.hidden) == ("結果", "A2:C2", True)


def test_column_names_may_stand_below_titles_and_notes() -> None:
    rows = [["硬さ試験の結果"], [], ["測定日", "2024-01-05"], ["担当", "山田"], HEADER, *ROWS]
    assert _headers(rows) == ["", "", "", "", "試料 | 硬さ | 温度", "試料 | 硬さ | 温度"]


def test_blank_rows_are_left_out_and_still_counted() -> None:
    cells = [piece.anchor.cells for piece in table_pieces([HEADER, ["", ""], ROWS[0]])]
    assert cells == ["A1:C1", "A3:C3"]


def test_numbers_alone_name_no_columns() -> None:
    assert _headers([["1", "2"], ["1,200", "4"]]) == ["", ""]


def test_an_index_column_may_have_no_name() -> None:
    assert _headers([["", "硬さ", "温度"], ["0", "92", "415"]]) == ["", " | 硬さ | 温度"]


def test_a_long_remark_in_one_row_hides_no_column_names() -> None:
    rows = [HEADER, *ROWS, ["C", "90", "410", "備考", "再測定"], ["D", "91", "412"]]
    assert _headers(rows)[1:] == ["試料 | 硬さ | 温度"] * 4


def test_column_names_alone_are_a_row() -> None:
    assert [piece.text for piece in table_pieces([HEADER])] == ["試料 | 硬さ | 温度"]


def test_a_cell_of_several_lines_stays_in_its_row() -> None:
    assert [piece.text for piece in table_pieces([["a\nb", "1"]])] == ["a b | 1"]


def test_a_nearly_empty_row_is_not_padded_with_separators() -> None:
    [piece] = table_pieces([[""] * 16_383 + ["末尾"]])
    assert (piece.text, piece.anchor.cells) == ("末尾", "A1:XFD1")


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_the_one_the_rows_agree_on(delimiter: str) -> None:
    rows = [["試料", "備考"], ["A", "硬い"], ["B", "軟らかい"]]
    assert csv_rows("\n".join(delimiter.join(row) for row in rows)) == rows


def test_commas_inside_the_cells_of_a_tsv_split_nothing() -> None:
    assert csv_rows("試料\t組成\nA\tMg, Al\nB\tMg, Al, Zn") == [
        ["試料", "組成"],
        ["A", "Mg, Al"],
        ["B", "Mg, Al, Zn"],
    ]


def test_title_lines_do_not_decide_the_delimiter() -> None:
    assert csv_rows("結果; 2024年\n\na,b,c\n1,2,3\n4,5,6")[2:] == [
        ["a", "b", "c"],
        ["1", "2", "3"],
        ["4", "5", "6"],
    ]


def test_quoted_cells_hold_delimiters_lines_and_quotes() -> None:
    lines = ["試料,備考", *["A,硬い"] * 30, '"B, 二号","「""特別""」、\n要再測定"']
    assert csv_rows("\n".join(lines))[-1] == ["B, 二号", '「"特別"」、\n要再測定']


def test_one_column_is_a_table_of_one_column() -> None:
    assert csv_rows("硬さ\n92\n88") == [["硬さ"], ["92"], ["88"]]


def test_no_text_has_no_rows() -> None:
    assert list(table_pieces(csv_rows(""))) == []
