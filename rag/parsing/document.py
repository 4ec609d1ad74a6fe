"""What parsing yields: the pieces of a document, each with the place it stands in."""

from typing import Literal, NamedTuple

from pydantic import BaseModel

from rag.models import Anchor

PieceKind = Literal["text", "heading", "table", "code", "ocr"]


class Piece(BaseModel, frozen=True):
    """A stretch of text that belongs together: a paragraph, a table's rows, a notebook cell.

    `anchor.start` and `anchor.end` are left to the chunker, which counts characters over the whole
    document: pieces are joined with one blank line.
    """

    kind: PieceKind
    text: str
    anchor: Anchor
    header: str = ""
    """Column names of a table's rows, embedded with every group of rows; they are a piece, too."""


class Extracted(NamedTuple):
    """What a format's reader takes from a file: its own title, if it has one, and its pieces."""

    title: str | None
    pieces: list[Piece]
    keywords: tuple[str, ...] = ()


class ParsedDocument(BaseModel, frozen=True):
    """The text of one file. `warnings` are shown to the project's people, not searched."""

    title: str
    """The document's own, empty where it has none: nothing here depends on the file's name."""
    media_type: str
    pieces: list[Piece]
    keywords: list[str] = []
    """What the document itself says that it is about, as its writer spelled it."""
    warnings: list[str] = []
