"""The register of samples as an Excel workbook, a sheet for each CSV file."""

import csv
import io
from collections.abc import Mapping
from datetime import date

from openpyxl import Workbook

from samples.archive import without_times


def xlsx_of(sheets: Mapping[str, str], *, hidden: str) -> bytes:
    """Return sheet name → CSV text as XLSX, one sheet hidden; the same bytes every time."""
    workbook = Workbook(write_only=True)
    for name, text in sheets.items():
        sheet = workbook.create_sheet(name)
        sheet.sheet_state = "hidden" if name == hidden else "visible"
        for row in csv.reader(io.StringIO(text)):
            sheet.append([_typed(cell) for cell in row])
    file = io.BytesIO()
    workbook.save(file)
    return without_times(file.getvalue())


def _typed(cell: str) -> str | float | date | None:
    for kind in (int, float, date.fromisoformat):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell or None
