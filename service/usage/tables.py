"""Tables for spreadsheets."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Sequence[BaseModel], *, of: type[BaseModel]) -> str:
    """Return rows as RFC 4180 has it; what a spreadsheet would take for a formula is text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(of.model_fields), lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        cells = row.model_dump(mode="json")
        writer.writerow({name: _as_text(cell) for name, cell in cells.items()})
    return out.getvalue()


def _as_text(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell
