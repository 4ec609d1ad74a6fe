"""A parser with small limits, and a folder for what it reads."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from rag.parsing.document import Piece
from rag.parsing.isolated import IsolatedParser
from rag.parsing.limits import MIB, ParseLimits

SMALL = ParseLimits(
    memory_bytes=384 * MIB, cpu_s=1, wall_s=20, text_file_bytes=12 * MIB, text_chars=11_000_000
)


@pytest.fixture
async def parser() -> AsyncGenerator[IsolatedParser]:
    async with IsolatedParser(limits=SMALL) as opened:
        yield opened


@pytest.fixture
def sound_file(tmp_path: Path) -> Path:
    """A file that parses, to be read after one that does not."""
    path = tmp_path / "sound"
    path.write_text("硬さは92であった。", encoding="utf-8")
    return path


def outline(pieces: list[Piece]) -> list[tuple[str, str]]:
    """Return kind and text of each piece."""
    return [(piece.kind, piece.text) for piece in pieces]
