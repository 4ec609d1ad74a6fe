"""Rows of a table as pieces: one piece a row, with its cells and the column names above it."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from rag.models import Anchor
from rag.parsing.document import Piece

SEPARATOR = " | "
_DELIMITERS = ",\t;|"
_SAMPLED_ROWS = 20
_SAMPLED_CHARS = 2**16
_HEADER_SEARCHED_ROWS = 20
_SPARSE = 20  # a row with one filled cell in more than so many is nearly empty


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

    The first row that looks like column names is also the header of all rows below it; rows above
    it (titles, notes) and rows of a table without names stand for themselves.
    """
    numbered = [(number, list(row)) for number, row in enumerate(rows, 1) if any(row)]
    header_at = _header_position([row for _, row in numbered])
    header = ""
    for position, (number, row) in enumerate(numbered):
        yield Piece(
            kind="table",
            text=_line(row),
            anchor=Anchor(sheet=sheet, cells=row_range(number, _width(row)), hidden=hidden),
            header=header,
        )
        if position == header_at:
            header = _line(row)


def csv_rows(text: str) -> list[list[str]]:
    """Split delimited text; the delimiter is the one that its first rows agree on.

    Raises:
        csv.Error: a field over the csv module's limit.
    """
    sample = text[:_SAMPLED_CHARS]
    delimiter = max(_DELIMITERS, key=lambda candidate: _agreement(sample, candidate))
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    return [[cell.strip() for cell in row] for row in rows]


def _agreement(sample: str, delimiter: str) -> tuple[int, int]:
    """Return how many rows have the commonest number of cells, two at least, and that number."""
    rows = islice(csv.reader(io.StringIO(sample), delimiter=delimiter), _SAMPLED_ROWS)
    widths = Counter(len(row) for row in rows if len(row) > 1)
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def _header_position(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the first row that names columns: words, no numbers, as wide as the rows below."""
    for position, row in enumerate(rows[:_HEADER_SEARCHED_ROWS]):
        cells = [cell for cell in row if cell]
        is_words = len(cells) >= 2 and not any(map(_is_number, cells))
        if is_words and len(cells) * 2 > _width(row) >= _usual_width(rows[position:]):
            return position
    return None


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    """Return the width that three rows in four do not exceed: a long remark does not count."""
    widths = sorted(map(_width, rows))
    return widths[(len(widths) * 3 + 3) // 4 - 1]


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ""))
    except ValueError:
        return False
    return True


def _width(row: Sequence[str]) -> int:
    return max((index + 1 for index, cell in enumerate(row) if cell), default=0)


def _line(row: Sequence[str]) -> str:
    """Join the cells up to the last filled one; of a row that is nearly empty, the filled ones."""
    width = _width(row)
    filled = [cell for cell in row[:width] if cell]
    shown = row[:width] if len(filled) * _SPARSE >= width else filled
    return SEPARATOR.join(cell.replace("\n", " ") for cell in shown)
