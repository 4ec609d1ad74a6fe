"""Children that read what strangers sent: what they take has bounds."""

import io
import struct
import zlib

import pytest
from PIL import Image

from inference.model_server.isolated import ChildFailed, ChildLimits, read_isolated

_PAGE = "inference.model_server.page_child"
_JOB = {"page": 1, "most_pages": 5, "most_pixels": 60_000_000, "dots_an_inch": 300}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_claiming(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", b"")


def _white(side: int) -> bytes:
    written = io.BytesIO()
    Image.new("L", (side, side), 255).save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize("side", [8_000, 60_000])
async def test_a_small_file_that_claims_many_pixels_is_refused(side: int) -> None:
    with pytest.raises(ChildFailed, match="more than 60,000,000 pixels"):
        await read_isolated(_PAGE, _JOB, _png_claiming(side, side), ChildLimits())


async def test_a_child_that_takes_too_long_is_killed() -> None:
    with pytest.raises(ChildFailed, match=r"longer than 0\.01 s"):
        await read_isolated(_PAGE, _JOB, _white(100), ChildLimits(wall_s=0.01))


async def test_a_child_that_takes_too_much_memory_fails() -> None:
    limits = ChildLimits(memory_bytes=200 * 2**20)
    with pytest.raises(ChildFailed, match="memory"):
        await read_isolated(_PAGE, _JOB, _white(7_000), limits)
