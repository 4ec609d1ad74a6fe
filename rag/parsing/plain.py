"""Plain text and source code as pieces: a paragraph each."""

import re

from rag.models import Anchor
from rag.parsing.document import Piece

_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


def text_pieces(text: str) -> list[Piece]:
    """Return a piece for every paragraph, that is, for lines up to a blank one."""
    return [
        Piece(kind="text", text=paragraph.strip("\n"), anchor=Anchor())
        for paragraph in _BLANK_LINES.split(text)
        if paragraph.strip()
    ]


def code_pieces(text: str) -> list[Piece]:
    """Return source code as pieces, split where its author left a blank line."""
    return [piece.model_copy(update={"kind": "code"}) for piece in text_pieces(text)]
