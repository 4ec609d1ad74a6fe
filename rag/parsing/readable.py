"""Make extracted strings fit to be stored and shown: no control characters, short labels."""

import re

from rag.parsing.document import Piece

MAX_LABEL_CHARS = 200
"""Longest heading, sheet name or title: it is kept with every passage below it."""

_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")


def readable_text(text: str) -> str:
    """Replace control characters and halves of surrogate pairs, which no encoding holds."""
    return _UNREADABLE.sub(" ", text)


def readable_label(text: str) -> str:
    """Return a label in one line, cut to its longest."""
    return " ".join(readable_text(text).split())[:MAX_LABEL_CHARS]


def readable_piece(piece: Piece) -> Piece:
    """Return the piece with all its strings readable."""
    anchor = piece.anchor
    labels = {
        "heading": tuple(readable_label(title) for title in anchor.heading),
        "sheet": None if anchor.sheet is None else readable_label(anchor.sheet),
        "cell": None if anchor.cell is None else readable_label(anchor.cell),
    }
    return piece.model_copy(
        update={
            "text": readable_text(piece.text),
            "header": readable_text(piece.header),
            "anchor": anchor.model_copy(update=labels),
        }
    )
