"""Cut a document into passages: structure first, then sentences, within the embedder's budget."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rag.language import guess_language
from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece, PieceKind
from rag.sentences import sentence_spans

CHUNKER_VERSION = "1"
_CONTEXT_SHARE = 3  # title, headings and column names may take a third of the budget
_SOFT_BREAK = re.compile(r"[\s、,，;；|]+(?!.*[\s、,，;；|])", re.DOTALL)

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: `text` is what people read, `embedded_text` adds title, headings, column names.

    `anchor.start` and `anchor.end` are its characters in `document_text(document)`.
    """

    ordinal: int
    text: str
    embedded_text: str
    anchor: Anchor
    kind: PieceKind
    language: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """A stretch of one piece that is not cut further."""

    piece: Piece
    start: int
    end: int
    tokens: int


def document_text(document: ParsedDocument) -> str:
    """Return the extracted text: pieces with a blank line between, rows of a table with none."""
    return "".join(f"{separator}{piece.text}" for separator, piece in _separated(document.pieces))


def chunk(document: ParsedDocument, *, max_tokens: int, count_tokens: CountTokens) -> list[Chunk]:
    """Return the passages of a document, in order: pure, and the same for the same input.

    Passages do not overlap, and no `embedded_text` has more than `max_tokens`. They hold every
    character that is not white space, but for headings that fit no passage of their section: those
    are in its passages' `embedded_text`. None spans two pages, sheets, notebook cells or headings,
    or mixes a table with prose.
    """
    text = document_text(document)
    paths = _paths_with_body(document.pieces)
    chunks: list[Chunk] = []
    for _, group in groupby(_placed(document.pieces), key=lambda placed: _place(placed[0])):
        pieces = list(group)
        context = _context(document.title, pieces[0][0], max_tokens, count_tokens)
        budget = max_tokens - count_tokens(context)
        units = [unit for placed in pieces for unit in _units(placed, text, budget, count_tokens)]
        for packed in _pack(units, budget):
            if _is_repeated_heading(packed, paths):
                continue
            for start, end in _fitting(packed, text, context, max_tokens, count_tokens):
                chunks.append(_chunk(len(chunks), text[start:end], start, context, packed))
    return chunks


def _separated(pieces: Sequence[Piece]) -> Iterator[tuple[str, Piece]]:
    yield from (("", piece) for piece in pieces[:1])
    for before, piece in pairwise(pieces):
        in_one_table = before.kind == piece.kind == "table" and _place(before) == _place(piece)
        yield ("\n" if in_one_table else "\n\n"), piece


def _placed(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, int]]:
    position = 0
    for separator, piece in _separated(pieces):
        position += len(separator)
        yield piece, position
        position += len(piece.text)


def _place(piece: Piece) -> tuple[object, ...]:
    """What pieces of one passage must share."""
    anchor = piece.anchor
    table = piece.header if piece.kind == "table" else None
    return (anchor.page, anchor.sheet, anchor.cell, anchor.heading, anchor.hidden, table)


def _paths_with_body(pieces: Sequence[Piece]) -> frozenset[tuple[str, ...]]:
    return frozenset(
        piece.anchor.heading[:depth]
        for piece in pieces
        if piece.kind != "heading"
        for depth in range(1, len(piece.anchor.heading) + 1)
    )


def _is_repeated_heading(packed: Sequence[_Unit], paths: frozenset[tuple[str, ...]]) -> bool:
    """Tell a passage of headings alone that the passages below them carry as their context."""
    return all(
        unit.piece.kind == "heading" and unit.piece.anchor.heading in paths for unit in packed
    )


def _context(title: str, piece: Piece, max_tokens: int, count_tokens: CountTokens) -> str:
    """Return the lines above an embedded passage; outer headings go first when room is short."""
    headings = [heading for heading in piece.anchor.heading if heading != title]
    lines = [title, *headings, *filter(None, [piece.anchor.sheet, piece.header])]
    while lines and count_tokens("\n".join(lines)) > max_tokens // _CONTEXT_SHARE:
        lines.pop(0)
    return "".join(f"{line}\n" for line in lines)


def _units(
    placed: tuple[Piece, int], text: str, budget: int, count_tokens: CountTokens
) -> Iterator[_Unit]:
    piece, start = placed
    end = start + len(piece.text)
    tokens = count_tokens(piece.text)
    if tokens <= budget:
        yield _Unit(piece, start, end, tokens)
        return
    for first, last in sentence_spans(piece.text):
        for left, right in _halves(text, start + first, start + last, budget, count_tokens):
            yield _Unit(piece, left, right, count_tokens(text[left:right]))


def _halves(
    text: str, start: int, end: int, budget: int, count_tokens: CountTokens
) -> Iterator[tuple[int, int]]:
    """Cut a stretch until each part fits, at a comma or a space near the middle if there is one."""
    if end - start <= 1 or count_tokens(text[start:end]) <= budget:
        yield start, end
        return
    middle = (start + end) // 2
    soft = _SOFT_BREAK.search(text, start + (end - start) // 4, middle)
    cut = soft.end() if soft else middle
    for left, right in ((start, cut), (cut, end)):
        stripped = text[left:right].strip()
        if stripped:
            first = left + text[left:right].index(stripped[0])
            yield from _halves(text, first, first + len(stripped), budget, count_tokens)


def _pack(units: Sequence[_Unit], budget: int) -> Iterator[list[_Unit]]:
    """Fill passages one after the other, as many units as fit each."""
    packed: list[_Unit] = []
    used = 0
    for unit in units:
        if packed and used + unit.tokens > budget:
            yield packed
            packed, used = [], 0
        packed.append(unit)
        used += unit.tokens
    if packed:
        yield packed


def _fitting(
    packed: Sequence[_Unit],
    text: str,
    context: str,
    max_tokens: int,
    count_tokens: CountTokens,
) -> Iterator[tuple[int, int]]:
    """Yield the packed stretch, cut again if its tokens are more than the sum of its units'."""
    budget = max_tokens - count_tokens(context)
    start, end = packed[0].start, packed[-1].end
    if count_tokens(context + text[start:end]) <= max_tokens:
        yield start, end
    else:
        yield from _halves(text, start, end, budget // 2, count_tokens)


def _chunk(ordinal: int, text: str, start: int, context: str, packed: Sequence[_Unit]) -> Chunk:
    end = start + len(text)
    inside = [unit.piece for unit in packed if unit.start < end and start < unit.end]
    cells = _joined_cells([piece.anchor.cells for piece in inside if piece.anchor.cells])
    body = next((piece for piece in inside if piece.kind != "heading"), inside[0])
    return Chunk(
        ordinal=ordinal,
        text=text,
        embedded_text=context + text,
        anchor=inside[0].anchor.model_copy(update={"start": start, "end": end, "cells": cells}),
        kind=body.kind,
        language=guess_language(text),
    )


def _joined_cells(ranges: Sequence[str]) -> str | None:
    """Return the range from the first row's first cell to the last row, as wide as the widest."""
    if not ranges:
        return None
    first = ranges[0].partition(":")[0]
    corners = [_corner(cells.partition(":")[2]) for cells in ranges]
    widest = max(corners, key=lambda corner: (len(corner[0]), corner[0]))[0]
    return f"{first}:{widest}{corners[-1][1]}"


def _corner(cell: str) -> tuple[str, str]:
    letters = cell.rstrip("0123456789")
    return letters, cell[len(letters) :]
