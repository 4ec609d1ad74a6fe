"""Fields of a table: one a line, name before value, or under a line of column names."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.check_sample_quality.labels import unit_of_label
from agents.check_sample_quality.statements import IsLabel, Statement

_DELIMITED = re.compile(r'"[^"]*"|[^,\t]+|(?<=[,\t])(?=[,\t]|$)')
_PIPED = re.compile(r"(?<=\|)[^|]*(?=\|)|^[^|]+(?=\|)|(?<=\|)[^|]+$")
_RULE = re.compile(r"[\s|:\-+=]+")


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    start: int
    end: int


def delimited_fields(lines: Sequence[re.Match[str]], is_label: IsLabel) -> list[Statement] | None:
    """Return the fields of lines of comma or tab separated cells; None when they are no table."""
    rows = [_cells(line, _DELIMITED) for line in lines]
    if len(rows) < 2 or any(_has_own_label(row[0]) for row in rows):
        return None
    return _fields(rows, is_label)


def piped_fields(lines: Iterable[re.Match[str]], is_label: IsLabel) -> list[Statement]:
    """Return the fields of the lines of a Markdown table."""
    rows = [_cells(line, _PIPED) for line in lines if not _RULE.fullmatch(line.group())]
    found = _fields(rows, is_label)
    return _pairs(rows) if found is None else found


def _fields(rows: Sequence[Sequence[_Cell]], is_label: IsLabel) -> list[Statement] | None:
    columns = next(iter(rows), ())
    if len(columns) > 2 and sum(is_label(cell.text) for cell in columns) * 2 > len(columns):
        return _under_columns(columns, rows[1:])
    named = sum(is_label(row[0].text) for row in rows if len(row) > 1)
    return _pairs(rows) if named * 2 >= len(rows) else None


def _pairs(rows: Sequence[Sequence[_Cell]]) -> list[Statement]:
    return [
        Statement(row[1].start, row[-1].end, row[0].text, unit_of_label(row[0].text))
        for row in rows
        if len(row) > 1 and row[-1].end > row[1].start
    ]


def _under_columns(columns: Sequence[_Cell], rows: Sequence[Sequence[_Cell]]) -> list[Statement]:
    return [
        Statement(cell.start, cell.end, column.text, unit_of_label(column.text))
        for row in rows
        for column, cell in zip(columns, row, strict=False)
        if cell.end > cell.start
    ]


def _has_own_label(cell: _Cell) -> bool:
    return ":" in cell.text or "=" in cell.text


def _cells(line: re.Match[str], cell: re.Pattern[str]) -> list[_Cell]:
    return [
        _trimmed(line.start() + match.start(), match.group())
        for match in cell.finditer(line.group())
    ]


def _trimmed(start: int, raw: str) -> _Cell:
    text = raw.strip(' "*`')
    lead = raw.index(text)
    return _Cell(text, start + lead, start + lead + len(text))
