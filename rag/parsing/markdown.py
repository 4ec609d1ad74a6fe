"""Cut Markdown into pieces: headings, paragraphs, code and table rows under their heading path."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.models import Anchor
from rag.parsing.document import Piece, PieceKind
from rag.parsing.line_breaks import join_lines, usual_width
from rag.parsing.readable import MAX_LABEL_CHARS

_HEADING = re.compile(rf"^ {{0,3}}(#{{1,6}})[ \t]+(\S.{{,{MAX_LABEL_CHARS - 1}}})$")
_FENCE = re.compile(r"^ {0,3}(```+(?=[^`]*$)|~~~+)")
_TABLE_RULE = re.compile(r"^\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?$")
_NARROWEST_FULL_LINE = 60  # in Latin letters: shorter lines are short on purpose
_PICTURE = re.compile(r"!\[([^\]]{0,500})\]\([^)]*\)")  # its address may hold all of its bytes
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!|>~])")


@dataclass
class HeadingPath:
    """The headings above the current line, outermost first."""

    _open: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def enter(self, level: int, title: str) -> None:
        """Step into a heading: those of its level or deeper end."""
        self._open = [(depth, text) for depth, text in self._open if depth < level]
        self._open.append((level, title))

    def titles(self) -> tuple[str, ...]:
        """Return the path."""
        return tuple(title for _, title in self._open)


def unescape(text: str) -> str:
    """Remove the backslashes that protect punctuation in Markdown."""
    return _ESCAPED.sub(r"\1", text)


def markdown_pieces(text: str, *, path: HeadingPath | None = None, **place: object) -> list[Piece]:
    """Return the pieces of a Markdown text in order.

    `path` is carried on from piece to piece, so that a notebook's headings reach its later cells;
    `place` holds further fields of the anchor, such as `page` or `cell`.
    """
    path = path or HeadingPath()
    return [
        piece
        for block in _blocks(text.splitlines())
        for piece in _pieces_of_block(block, path, place)
    ]


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Split at blank lines, headings and fences; a fenced block stays whole."""
    rest = deque(lines)
    while rest:
        line = rest.popleft()
        if fence := _FENCE.match(line):
            yield [line, *_through_fence(rest, fence[1])]
        elif _HEADING.match(line):
            yield [line]
        elif line.strip():
            yield [line, *_paragraph_lines(rest)]


def _through_fence(rest: deque[str], fence: str) -> Iterator[str]:
    """Take the lines of a fenced block, its closing fence included; without one, all lines."""
    while rest:
        line = rest.popleft()
        yield line
        if line.strip().startswith(fence):
            return


def _paragraph_lines(rest: deque[str]) -> Iterator[str]:
    while rest and rest[0].strip() and not _HEADING.match(rest[0]) and not _FENCE.match(rest[0]):
        yield rest.popleft()


def _pieces_of_block(
    block: list[str], path: HeadingPath, place: dict[str, object]
) -> Iterator[Piece]:
    if heading := _HEADING.match(block[0]):
        title = _without_closing_marks(heading[2])
        path.enter(len(heading[1]), title)
        yield _piece("heading", title, path, place)
    elif _FENCE.match(block[0]):
        closed = len(block) > 1 and block[-1].strip().startswith(block[0].strip()[:3])
        if body := "\n".join(block[1 : -1 if closed else None]).strip("\n"):
            yield _piece("code", body, path, place)
    elif len(block) >= 2 and "|" in block[0] and _TABLE_RULE.match(block[1].strip()):
        header = _row(block[0])
        yield _piece("table", header, path, place)
        for line in block[2:]:
            yield _piece("table", _row(line), path, place, header=header)
    else:
        yield _piece("text", _prose(_flowing(block)), path, place)


def _flowing(block: list[str]) -> str:
    """Undo the breaks of lines that their writer filled, so that sentences are whole."""
    lines = [line.rstrip() for line in block]
    return join_lines(lines, usual=max(usual_width(lines), _NARROWEST_FULL_LINE))


def _without_closing_marks(title: str) -> str:
    """Remove the number signs that may end a heading: `## Methods ##`."""
    text = title.rstrip()
    bare = text.rstrip("#")
    return unescape(bare.rstrip() if bare != bare.rstrip() else text)


def _row(line: str) -> str:
    cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
    return " | ".join(_prose(cell.strip()) for cell in cells)


def _prose(text: str) -> str:
    """Return the text as people read it, and of pictures what they are said to show."""
    return unescape(_PICTURE.sub(r"\1", text))


def _piece(
    kind: PieceKind,
    text: str,
    path: HeadingPath,
    place: dict[str, object],
    *,
    header: str = "",
) -> Piece:
    anchor = Anchor.model_validate({"heading": path.titles(), **place})
    return Piece(kind=kind, text=text, anchor=anchor, header=header)
