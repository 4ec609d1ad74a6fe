"""Jupyter notebooks, cell by cell: cell ids are what a citation points at."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from rag.models import Anchor
from rag.parsing.document import Piece
from rag.parsing.markdown import HeadingPath, markdown_pieces

_TEXT_OUTPUT = "text/plain"


def notebook_pieces(text: str) -> list[Piece]:
    """Return the pieces of a notebook: prose, code and the text that code printed; no pictures.

    Raises:
        ValueError: not JSON, or no list of cells.
    """
    path = HeadingPath()
    return [
        piece
        for number, cell in enumerate(_cells(json.loads(text)), 1)
        for piece in _cell_pieces(cell, str(cell.get("id") or number), path)
    ]


def _cells(notebook: object) -> Sequence[Mapping[str, object]]:
    cells = cast("Mapping[str, object]", notebook).get("cells") if _is_map(notebook) else None
    listed = cast("list[object]", cells) if isinstance(cells, list) else None
    if listed is None:
        raise ValueError("no list of cells")
    return [cast("Mapping[str, object]", cell) for cell in listed if _is_map(cell)]


def _cell_pieces(cell: Mapping[str, object], cell_id: str, path: HeadingPath) -> Iterator[Piece]:
    source = _joined(cell.get("source"))
    if cell.get("cell_type") == "markdown":
        yield from markdown_pieces(source, path=path, cell=cell_id)
        return
    anchor = Anchor(cell=cell_id, heading=path.titles())
    if source.strip():
        yield Piece(kind="code", text=source.strip("\n"), anchor=anchor)
    printed = "\n".join(_printed(cell.get("outputs"))).strip("\n")
    if printed.strip():
        yield Piece(kind="text", text=printed, anchor=anchor)


def _printed(outputs: object) -> Iterator[str]:
    for output in cast("list[object]", outputs) if isinstance(outputs, list) else []:
        if not _is_map(output):
            continue
        fields = cast("Mapping[str, object]", output)
        data = fields.get("data")
        if _is_map(data):
            yield _joined(cast("Mapping[str, object]", data).get(_TEXT_OUTPUT))
        else:
            yield _joined(fields.get("text"))


def _joined(source: object) -> str:
    lines = cast("list[object]", source) if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def _is_map(value: object) -> bool:
    return isinstance(value, dict)
