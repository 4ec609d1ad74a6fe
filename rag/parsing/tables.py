"""Rows of a table as pieces: one piece a row, with its cells and the column names above it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from rag.models import Anchor
from rag.parsing.document import Piece

SEPARATOR = " | "
_DELIMITERS = ",\t;|"
_HEADER_SEARCHED_ROWS = 20


def column_letters(index: int) -> str:
    """Return the name of a column, counted from 0: A, B, … Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def row_range(row: int, width: int) -> str:
    """Return a row's cells in A1 notation; `row` counts from 1."""
    return f"A{row}:{column_letters(max(width, 1) - 1)}{row}"


def table_pieces(
    rows: Iterable[Sequence[str]], *, sheet: str | None = None, hidden: bool = False
) -> Iterator[Piece]:
    """Yield a piece for every row that is not blank.

    The first row that looks like column names becomes the header of all rows below it; rows above
    it (titles, notes) and rows of a table without names stand for themselves.
    """
    numbered = [(number, list(row)) for number, row in enumerate(rows, 1) if any(row)]
    header_at = _header_position([row for _, row in numbered])
    header = "" if header_at is None else _line(numbered[header_at][1])
    for position, (number, row) in enumerate(numbered):
        if position == header_at and position + 1 < len(numbered):
            continue
        yield Piece(
            kind="table",
            text=_line(row),
            anchor=Anchor(sheet=sheet, cells=row_range(number, _width(row)), hidden=hidden),
            header=header if header_at is not None and position > header_at else "",
        )


def csv_rows(text: str) -> list[list[str]]:
    """Split delimited text; the delimiter is the one that its first lines agree on.

    Raises:
        csv.Error: a field over the csv module's limit.
    """
    sample = "\n".join(text.splitlines()[:20])
    try:
        dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(sample, _DELIMITERS)
    except csv.Error:  # one column, or lines that do not agree: commas, as the name says
        dialect = csv.excel
    return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), dialect)]


def _header_position(rows: Sequence[Sequence[str]]) -> int | None:
    for position, row in enumerate(rows[:_HEADER_SEARCHED_ROWS]):
        cells = [cell for cell in row if cell]
        if len(cells) >= 2 and len(cells) * 2 > _width(row) and not any(map(_is_number, cells)):
            return position
    return None


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ""))
    except ValueError:
        return False
    return True


def _width(row: Sequence[str]) -> int:
    return max((index + 1 for index, cell in enumerate(row) if cell), default=0)


def _line(row: Sequence[str]) -> str:
    return SEPARATOR.join(cell.replace("\n", " ") for cell in row[: _width(row)])
