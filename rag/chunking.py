"""Cut a document into passages: structure first, then sentences, within the embedder's budget."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from math import ceil

from rag.language import guess_language
from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece, PieceKind
from rag.sentences import sentence_spans

CHUNKER_VERSION = "2"
_CONTEXT_SHARE = 3  # title, headings and column names may take a third of the budget
_SOFT_BREAKS = frozenset("、，,;；|")
_SOFT_BREAK_SEARCHED_CHARS = 200

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: `text` is what people read, `context` are title, headings, column names above it.

    `anchor.start` and `anchor.end` are its characters in `document_text(document)`.
    """

    ordinal: int
    text: str
    context: str
    anchor: Anchor
    kind: PieceKind
    language: str

    @property
    def embedded_text(self) -> str:
        """What the embedder reads. The file's name is not in it: a move needs no new vector."""
        return self.context + self.text


@dataclass(frozen=True, slots=True)
class _Unit:
    """A stretch of one piece that is not cut further."""

    piece: Piece
    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class _Section:
    """Pieces that may share passages, where they start, and the lines to embed above them."""

    pieces: list[tuple[Piece, int]]
    context: list[str]

    @property
    def first(self) -> Piece:
        return self.pieces[0][0]


def document_text(document: ParsedDocument) -> str:
    """Return the extracted text: pieces with a blank line between, rows of a table with none."""
    return "".join(f"{separator}{piece.text}" for separator, piece in _separated(document.pieces))


def chunk(document: ParsedDocument, *, max_tokens: int, count_tokens: CountTokens) -> list[Chunk]:
    """Return the passages of a document, in order: pure, and the same for the same input.

    Passages do not overlap, and no `embedded_text` has more than `max_tokens`. They hold every
    character that is not white space, but for headings and column names that fit no passage of
    what stands below them: those are in its passages' `embedded_text`. None spans two pages,
    sheets, notebook cells or headings, or mixes a table with prose.
    """
    text = document_text(document)
    count_tokens = cache(count_tokens)  # many a text is asked for again: a lone paragraph, say
    sections = _sections(document, max_tokens, count_tokens)
    carried = _carried_labels(sections)
    chunks: list[Chunk] = []
    for section in sections:
        context = "".join(f"{line}\n" for line in section.context)
        budget = max_tokens - count_tokens(context)
        units = [unit for placed in section.pieces for unit in _units(placed, budget, count_tokens)]
        for packed in _pack(units, budget):
            if all(_label(unit.piece) in carried for unit in packed):
                continue
            for start, end in _fitting(packed, text, context, max_tokens, count_tokens):
                chunks.append(_chunk(len(chunks), text[start:end], start, context, packed))
    return chunks


def _separated(pieces: Sequence[Piece]) -> Iterator[tuple[str, Piece]]:
    yield from (("", piece) for piece in pieces[:1])
    for before, piece in pairwise(pieces):
        in_one_table = before.kind == piece.kind == "table" and _spot(before) == _spot(piece)
        yield ("\n" if in_one_table else "\n\n"), piece


def _placed(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, int]]:
    position = 0
    for separator, piece in _separated(pieces):
        position += len(separator)
        yield piece, position
        position += len(piece.text)


def _sections(
    document: ParsedDocument, max_tokens: int, count_tokens: CountTokens
) -> list[_Section]:
    sections: list[_Section] = []
    for _, group in groupby(_placed(document.pieces), key=lambda placed: _place(placed[0])):
        pieces = list(group)
        context = _context(document.title, pieces[0][0], max_tokens, count_tokens)
        sections.append(_Section(pieces, context))
    return sections


def _spot(piece: Piece) -> tuple[object, ...]:
    anchor = piece.anchor
    return (anchor.page, anchor.sheet, anchor.cell, anchor.heading, anchor.hidden)


def _place(piece: Piece) -> tuple[object, ...]:
    """What pieces of one passage must share."""
    return (*_spot(piece), piece.header if piece.kind == "table" else None)


def _label(piece: Piece) -> tuple[object, ...] | None:
    """Return what a piece is a label of: a heading of its section, a row of those below it."""
    if piece.kind == "heading":
        return (piece.anchor.heading, piece.text)
    return (_spot(piece), piece.text) if piece.kind == "table" and not piece.header else None


def _carried_labels(sections: Sequence[_Section]) -> frozenset[tuple[object, ...] | None]:
    """Return the headings and column names that some section below embeds with its passages."""
    carried: set[tuple[object, ...] | None] = set()
    for section in sections:
        first = section.first
        path = first.anchor.heading
        if first.header in section.context:
            carried.add((_spot(first), first.header))
        if any(_label(piece) is None for piece, _ in section.pieces):
            carried.update(
                (path[: depth + 1], title)
                for depth, title in enumerate(path)
                if title in section.context
            )
    return frozenset(carried)


def _context(title: str, piece: Piece, max_tokens: int, count_tokens: CountTokens) -> list[str]:
    """Return the lines above an embedded passage; outer headings go first when room is short."""
    headings = [heading for heading in piece.anchor.heading if heading != title]
    lines = [line for line in (title, *headings, piece.anchor.sheet, piece.header) if line]
    while lines and count_tokens("".join(f"{line}\n" for line in lines)) > (
        max_tokens // _CONTEXT_SHARE
    ):
        lines.pop(0)
    return lines


def _units(placed: tuple[Piece, int], budget: int, count_tokens: CountTokens) -> Iterator[_Unit]:
    piece, offset = placed
    for start, end, tokens in _stretches(piece.text, budget, count_tokens):
        yield _Unit(piece, offset + start, offset + end, tokens)


def _stretches(text: str, budget: int, count_tokens: CountTokens) -> Iterator[tuple[int, int, int]]:
    """Yield `(start, end, tokens)` of what fits: the whole, its sentences, or their parts."""
    if not text.strip():
        return
    tokens = count_tokens(text)
    if tokens <= budget:
        yield 0, len(text), tokens
        return
    for first, last in sentence_spans(text):
        for start, end in _parts(text, first, last, budget, count_tokens):
            yield start, end, count_tokens(text[start:end])


def _parts(
    text: str, start: int, end: int, budget: int, count_tokens: CountTokens
) -> Iterator[tuple[int, int]]:
    """Cut a stretch until each part fits, at commas or spaces if there are some."""
    tokens = count_tokens(text[start:end])
    if tokens <= budget or end - start <= 1:
        yield start, end
        return
    for parts_left in range(max(ceil(tokens / max(budget, 1)), 2), 0, -1):
        length = ceil((end - start) / parts_left)
        cut = end if parts_left == 1 else _cut_before(text, start, start + length)
        stripped = text[start:cut].strip()
        if stripped:
            first = text.index(stripped[0], start)
            yield from _parts(text, first, first + len(stripped), budget, count_tokens)
        start = cut


def _cut_before(text: str, start: int, middle: int) -> int:
    """Return where to cut between `start` and `middle`: behind the last comma or space near it.

    Where there is none, not between a letter and its vowel sign or voice mark.
    """
    nearest = max((start + middle) // 2, middle - _SOFT_BREAK_SEARCHED_CHARS)
    for cut in range(middle, nearest, -1):
        if text[cut - 1] in _SOFT_BREAKS or text[cut - 1].isspace():
            return cut
    for cut in range(min(middle, len(text) - 1), nearest, -1):
        if not unicodedata.category(text[cut]).startswith("M"):
            return cut
    return middle


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
        yield from _parts(text, start, end, budget // 2, count_tokens)


def _chunk(ordinal: int, text: str, start: int, context: str, packed: Sequence[_Unit]) -> Chunk:
    end = start + len(text)
    inside = [unit.piece for unit in packed if unit.start < end and start < unit.end]
    cells = _joined_cells([piece.anchor.cells for piece in inside if piece.anchor.cells])
    body = next((piece for piece in inside if piece.kind != "heading"), inside[0])
    return Chunk(
        ordinal=ordinal,
        text=text,
        context=context,
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
