"""Excel workbooks, sheet by sheet, hidden ones marked."""

from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

from rag.parsing.document import Piece
from rag.parsing.tables import table_pieces


def spreadsheet_pieces(path: Path) -> Iterator[Piece]:
    """Yield a piece for every row of every worksheet; formulas as their last calculated values.

    A formula that no program has calculated yet is blank; merged cells stand where they begin.

    Raises:
        zipfile.BadZipFile, KeyError, ValueError: no workbook, or a broken one.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 - only files that need it pay for it

    with path.open("rb") as file:  # of a path openpyxl judges the name, and a fetched copy has none
        workbook = load_workbook(file, read_only=True, data_only=True)
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()  # the size that a file claims is often wrong, or a trap
            rows = ([_shown(value) for value in row] for row in sheet.iter_rows(values_only=True))
            yield from table_pieces(rows, sheet=sheet.title, hidden=sheet.sheet_state != "visible")


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value).strip()
