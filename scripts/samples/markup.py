"""The few marks in which the report's and the protocol's sources are written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of `#` signs and a title; one sign is the document's own title."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of cells between bars; the first row names the columns."""

    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """A line of three hyphens."""


Block = Heading | Paragraph | Table | PageBreak


def blocks_of(source: str) -> Iterator[Block]:
    """Yield the blocks of a source in order; a paragraph is one line."""
    lines = [line for line in source.splitlines() if line]
    for is_table, group in groupby(lines, key=lambda line: line.startswith("|")):
        together = list(group)
        yield from [_table(together)] if is_table else map(_block, together)


def _block(line: str) -> Block:
    if line == "---":
        return PageBreak()
    if line.startswith("#"):
        marks, title = line.split(" ", 1)
        return Heading(len(marks), title)
    return Paragraph(line)


def _table(lines: Sequence[str]) -> Table:
    header, _rule, *rows = lines
    return Table(tuple(_cells(line) for line in [header, *rows]))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("|").split("|"))
