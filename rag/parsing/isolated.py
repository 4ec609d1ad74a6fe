"""Parse in a child process that the kernel limits and that is killed when it takes too long."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import BinaryIO, Self

from pydantic import ValidationError

from rag.models import Anchor
from rag.parsing.answer import ChildAnswer
from rag.parsing.document import ParsedDocument, Piece
from rag.parsing.limits import ParseLimits
from rag.parsing.media import media_of, mime_of
from rag.parsing.problems import ParseFailed
from rag.ports import OcrEngine

PARSER_VERSION = "3"
_HEAD_BYTES = 8192
_WEARING_BYTES = 64 * 2**10  # of a file, that tell on a child as much as one more file
_SHORT_LINE_BYTES = 256 * 2**10  # an answer that is read faster than a thread is found for it
_BYTES_PER_CHAR = 12  # of an answer: a character takes 6 at most, its piece's anchor the rest
_INHERITED = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
_INHERITED_FAMILY = "COVERAGE_"  # lets the tests measure the child
# Threads reserve address space, which the memory limit counts: on a large machine, all of it.
_FEW_THREADS = {"MALLOC_ARENA_MAX": "2", "RAYON_NUM_THREADS": "2", "TOKIO_WORKER_THREADS": "2"}
_LAST_WORDS_BYTES = 4000
_OCR_LANGUAGES = ("ja", "en", "sa")


@dataclass
class _Child:
    process: asyncio.subprocess.Process
    complaints: BinaryIO
    worn: int = 0
    """Files parsed, large ones counted as several."""
    complaints_before: int = 0
    """Bytes of complaints about the files before this one."""


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
            Problem: what the OCR engine says about a picture.
        """
        is_image, size = await asyncio.to_thread(_look_at, path, name)
        async with self._turn:
            if is_image:
                return await self._read_image(path)
            answer = await self._ask_child(path, name, wear=1 + size // _WEARING_BYTES)
        if answer.document is None:
            raise ParseFailed(answer.failure or "crashed")
        return answer.document

    async def _read_image(self, path: Path) -> ParsedDocument:
        if self.ocr is None:
            raise ParseFailed("ocr_unavailable")
        image = await asyncio.to_thread(_read_up_to, path, self.limits.image_file_bytes)
        lines = await self.ocr.read_image(image, languages=_OCR_LANGUAGES)
        text = "\n".join(line.text for line in lines).strip()
        if not text:
            raise ParseFailed("no_text")
        return ParsedDocument(
            title="",
            media_type=mime_of("image"),
            pieces=[Piece(kind="ocr", text=text, anchor=Anchor(page=1))],
        )

    async def _ask_child(self, path: Path, name: str, *, wear: int) -> ChildAnswer:
        child = await self._ready_child()
        try:
            async with asyncio.timeout(self.limits.wall_s):
                line = await _exchange(child.process, _job(path, name))
            if not line:
                raise await _cause_of_death(child)
            answer = await _answer_in(line)
        except BaseException as error:
            # Also when cancelled: the answer to come belongs to nobody.
            await self._end_child()
            if failure := _failure_of(error):
                raise failure from error
            raise
        child.worn += wear
        if answer.failure == "memory_exceeded":  # what is left of its memory is in pieces
            await self._end_child()
        return answer

    async def _ready_child(self) -> _Child:
        child = self._child
        if child is not None and (
            not _is_alive(child.process) or child.worn >= self.limits.files_per_child
        ):
            await self._end_child()
        if self._child is None:
            self._child = await _start_child(self.limits)
        self._child.complaints_before = os.fstat(self._child.complaints.fileno()).st_size
        return self._child

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):  # it is dead already
            os.killpg(child.process.pid, signal.SIGKILL)
        child.complaints.close()
        await child.process.wait()


async def _start_child(limits: ParseLimits) -> _Child:
    complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the child ends
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # never import what lies in the working folder: it may be a project's
            "-m",
            "rag.parsing.child",
            limits.model_dump_json(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=complaints,
            env=_environment(),
            start_new_session=True,
            limit=limits.text_chars * _BYTES_PER_CHAR,
        )
    except BaseException:
        complaints.close()
        raise
    return _Child(process, complaints)


def _is_alive(process: asyncio.subprocess.Process) -> bool:
    if process.returncode is not None:
        return False
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:  # it was buried, and the event loop has not heard of it yet
        return False
    return True


def _environment() -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in _INHERITED or name.startswith(_INHERITED_FAMILY)
    }
    return inherited | _FEW_THREADS


def _job(path: Path, name: str) -> bytes:
    return dumps({"path": str(path.absolute()), "name": name}).encode() + b"\n"


async def _exchange(process: asyncio.subprocess.Process, job: bytes) -> bytes:
    """Send a job and return the answer's line; empty where the child died."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the child was started without pipes")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # reading tells that it died
        process.stdin.write(job)
        await process.stdin.drain()
    return await process.stdout.readline()


async def _answer_in(line: bytes) -> ChildAnswer:
    if len(line) <= _SHORT_LINE_BYTES:
        return ChildAnswer.model_validate_json(line)
    return await asyncio.to_thread(ChildAnswer.model_validate_json, line)


def _failure_of(error: BaseException) -> ParseFailed | None:
    """Return what it means for the file that no answer came, or one that is none."""
    if isinstance(error, TimeoutError):
        return ParseFailed("timed_out")
    if isinstance(error, ValidationError):
        return ParseFailed("crashed")
    if isinstance(error, ValueError):  # the line is longer than any document may be
        return ParseFailed("too_large")
    return None


async def _cause_of_death(child: _Child) -> ParseFailed:
    """Say why the child died, from its exit status and its last words about this file."""
    status = await child.process.wait()
    child.complaints.seek(child.complaints_before)
    last_words = child.complaints.read()[-_LAST_WORDS_BYTES:].lower()
    if status == -signal.SIGXCPU:
        return ParseFailed("timed_out")
    # Killed by the system that ran short, or refused memory: pdfium aborts without a word.
    silent_abort = status == -signal.SIGABRT and not last_words.strip()
    if status == -signal.SIGKILL or silent_abort or b"memory" in last_words:
        return ParseFailed("memory_exceeded")
    return ParseFailed("crashed")


def _look_at(path: Path, name: str) -> tuple[bool, int]:
    """Tell whether a file is a picture, and its size."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        return media_of(head, name) == "image", os.fstat(file.fileno()).st_size


def _read_up_to(path: Path, most_bytes: int) -> bytes:
    if path.stat().st_size > most_bytes:
        raise ParseFailed("too_large")
    return path.read_bytes()
