"""Parse in a child process that the kernel limits and that is killed when it takes too long."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Self

from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece
from rag.parsing.limits import ParseLimits
from rag.parsing.media import media_of, mime_of
from rag.parsing.problems import ParseFailed
from rag.ports import OcrEngine

PARSER_VERSION = "1"
_HEAD_BYTES = 8192
_BYTES_PER_CHAR = 12  # JSON escapes a character outside the BMP with 12 bytes
_ENVIRONMENT = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
_COVERAGE = "COVERAGE_"  # lets the tests measure the child
_OCR_LANGUAGES = ("ja", "en", "sa")


@dataclass
class _Child:
    process: asyncio.subprocess.Process
    complaints: BinaryIO
    parsed: int = 0


@dataclass(kw_only=True)
class IsolatedParser:
    """Implements `rag.ports.Parser`; one file at a time, in a child that serves many files.

    A child that breaks a limit is killed with all it started, and the next file gets a new one. The
    child inherits no secrets: its environment holds only what Python needs to start.
    """

    limits: ParseLimits = field(default_factory=ParseLimits)
    ocr: OcrEngine | None = None
    _child: _Child | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Kill the child, if one runs."""
        async with self._turn:
            await self._end_child()

    async def parse(self, path: Path, name: str) -> ParsedDocument:
        """Read the file at `path`, which its owner calls `name`.

        Raises:
            ParseFailed: with the reason; the parser is ready for the next file.
        """
        if await asyncio.to_thread(_is_image, path, name):
            return await self._read_image(path, name)
        async with self._turn:
            answer = await self._ask_child({"path": os.path.abspath(path), "name": name})
        if failure := answer.get("failure"):
            raise ParseFailed.because(failure)
        return ParsedDocument.model_validate(answer["document"])

    async def _read_image(self, path: Path, name: str) -> ParsedDocument:
        if self.ocr is None:
            raise ParseFailed("ocr_unavailable")
        image = await asyncio.to_thread(path.read_bytes)
        lines = await self.ocr.read_image(image, languages=_OCR_LANGUAGES)
        text = "\n".join(line.text for line in lines).strip()
        if not text:
            raise ParseFailed("no_text")
        return ParsedDocument(
            title=PurePosixPath(name).name,
            media_type=mime_of("image"),
            pieces=[Piece(kind="ocr", text=text, anchor=Anchor(page=1))],
        )

    async def _ask_child(self, job: Mapping[str, str]) -> dict[str, object]:
        child = await self._ready_child()
        try:
            line = await asyncio.wait_for(_exchange(child.process, job), self.limits.wall_s)
        except TimeoutError as error:
            await self._end_child()
            raise ParseFailed("timed_out") from error
        except ValueError as error:  # the line is longer than any document may be
            await self._end_child()
            raise ParseFailed("too_large") from error
        except BaseException:
            await self._end_child()  # cancelled: the answer to come belongs to nobody
            raise
        if not line:
            raise await self._obituary(child)
        child.parsed += 1
        answer: dict[str, object] = json.loads(line)
        return answer

    async def _ready_child(self) -> _Child:
        if self._child is not None and self._child.parsed >= self.limits.files_per_child:
            await self._end_child()
        if self._child is None:
            self._child = await _start_child(self.limits)
        return self._child

    async def _obituary(self, child: _Child) -> ParseFailed:
        """Say why the child died, from its exit status and its last words."""
        status = await child.process.wait()
        child.complaints.seek(0)
        last_words = child.complaints.read()[-4000:]
        await self._end_child()
        if status == -signal.SIGXCPU:
            return ParseFailed("timed_out")
        if status == -signal.SIGKILL or b"memory" in last_words or b"Memory" in last_words:
            return ParseFailed("memory_exceeded")
        return ParseFailed("crashed")

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):  # it is dead already
            os.killpg(child.process.pid, signal.SIGKILL)
        await child.process.wait()
        child.complaints.close()


async def _start_child(limits: ParseLimits) -> _Child:
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the child ends
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rag.parsing.child",
        limits.model_dump_json(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=complaints,
        env={
            name: value
            for name, value in os.environ.items()
            if name in _ENVIRONMENT or name.startswith(_COVERAGE)
        },
        start_new_session=True,
        limit=limits.text_chars * _BYTES_PER_CHAR,
    )
    return _Child(process, complaints)


async def _exchange(process: asyncio.subprocess.Process, job: Mapping[str, str]) -> bytes:
    """Send a job and return the answer's line; empty where the child died."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the child was started without pipes")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # reading tells that it died
        process.stdin.write(json.dumps(job).encode() + b"\n")
        await process.stdin.drain()
    return await process.stdout.readline()


def _is_image(path: Path, name: str) -> bool:
    with path.open("rb") as file:
        return media_of(file.read(_HEAD_BYTES), name) == "image"
