"""The parsing child: reads one job a line, answers one line of JSON each, and may be killed."""

import csv
import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from rag.parsing.answer import ChildAnswer
from rag.parsing.document import Extracted, ParsedDocument, Piece
from rag.parsing.encoding import decode_text
from rag.parsing.keywords import front_matter_keywords
from rag.parsing.limits import MIB, ParseLimits
from rag.parsing.markdown import markdown_pieces
from rag.parsing.media import (
    Media,
    archive_members,
    is_archive,
    is_encrypted_office,
    media_of,
    mime_of,
)
from rag.parsing.notebook import notebook_pieces
from rag.parsing.office import html_pieces, office_pieces, pdf_pieces
from rag.parsing.plain import code_pieces, text_pieces
from rag.parsing.problems import FailureCode, ParseFailed
from rag.parsing.readable import readable_label, readable_piece
from rag.parsing.spreadsheet import spreadsheet_pieces
from rag.parsing.tables import csv_rows, table_pieces

_HEAD_BYTES = 8192
_WRITTEN_BYTES = 16 * MIB  # what a parser may write into any one file: its complaints, mostly
_FROM_FILE: dict[Media, Callable[[Path], Extracted]] = {
    "pdf": pdf_pieces,
    "spreadsheet": lambda path: Extracted(None, list(spreadsheet_pieces(path))),
    "office": office_pieces,
}
_FROM_TEXT: dict[Media, Callable[[str], Extracted]] = {
    "html": html_pieces,
    "markdown": lambda text: Extracted(None, markdown_pieces(text), front_matter_keywords(text)),
    "csv": lambda text: Extracted(None, list(table_pieces(csv_rows(text)))),
    "notebook": lambda text: Extracted(None, notebook_pieces(text)),
    "code": lambda text: Extracted(None, code_pieces(text)),
    "text": lambda text: Extracted(None, text_pieces(text)),
}


def read_document(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """Read one file; must only be called where it may be killed.

    Raises:
        ParseFailed: the file is not read, and why.
        Exception: whatever a parser throws at a broken file.
    """
    if path.stat().st_size == 0:
        raise ParseFailed("empty_file")
    media = _media(path, name)
    if media is None or media == "image":
        raise ParseFailed("unsupported")
    found = _read(path, media, limits)
    pieces = [readable_piece(piece) for piece in found.pieces if piece.text.strip()]
    if not pieces:
        raise ParseFailed("no_text")
    if sum(len(piece.text) for piece in pieces) > limits.text_chars:
        raise ParseFailed("too_large")
    return ParsedDocument(
        title=readable_label(found.title or _first_heading(pieces)),
        media_type=mime_of(media),
        pieces=pieces,
        keywords=[readable_label(keyword) for keyword in found.keywords],
    )


def _media(path: Path, name: str) -> Media | None:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if is_encrypted_office(path):
        raise ParseFailed("encrypted")
    return media_of(head, name, members=archive_members(path) if is_archive(head) else frozenset())


def _read(path: Path, media: Media, limits: ParseLimits) -> Extracted:
    if read_file := _FROM_FILE.get(media):
        return read_file(path)
    if path.stat().st_size > limits.text_file_bytes:
        raise ParseFailed("too_large")
    return _FROM_TEXT[media](decode_text(path.read_bytes()).text)


def _first_heading(pieces: list[Piece]) -> str:
    first = pieces[0]
    return first.text if first.kind == "heading" else ""


def _answer(path: Path, name: str, limits: ParseLimits) -> ChildAnswer:
    try:
        return ChildAnswer(document=read_document(path, name, limits))
    except ParseFailed as failure:
        return ChildAnswer(failure=failure.reason)
    except MemoryError:
        return ChildAnswer(failure="memory_exceeded")
    except Exception as error:  # noqa: BLE001 - whatever a parser throws at a hostile file is its failure
        return ChildAnswer(failure=_failure_of(error))


def _failure_of(error: Exception) -> FailureCode:
    if isinstance(error, UnicodeDecodeError):
        return "undecodable"
    said = str(error).casefold()
    if "password" in said or "encrypted" in said:
        return "encrypted"
    if "unsupported" in said:
        return "unsupported"
    return "corrupt"


def _allow_cpu(seconds: int) -> None:
    """Let this process use `seconds` more; past them the kernel ends it with SIGXCPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    _, highest = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (_lower(allowed, highest), highest))


def _limit_for_good(what: int, value: int) -> None:
    _, highest = resource.getrlimit(what)
    allowed = _lower(value, highest)
    resource.setrlimit(what, (allowed, allowed))


def _lower(value: int, highest: int) -> int:
    """Return the limit, or the lower one that this process was started with."""
    return value if highest == resource.RLIM_INFINITY else min(value, highest)


def _answer_stream() -> TextIO:
    """Return standard output for our answers alone: what a library prints goes with its errors."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def main() -> None:
    """Serve jobs from standard input until it is closed. The limits are the one argument."""
    limits = ParseLimits.model_validate_json(sys.argv[1])
    _limit_for_good(resource.RLIMIT_AS, limits.memory_bytes)
    _limit_for_good(resource.RLIMIT_CORE, 0)
    _limit_for_good(resource.RLIMIT_FSIZE, _WRITTEN_BYTES)
    csv.field_size_limit(limits.text_chars)
    with _answer_stream() as answers:
        for line in sys.stdin:
            _allow_cpu(limits.cpu_s)
            job = json.loads(line)
            answer = _answer(Path(job["path"]), job["name"], limits)
            print(answer.model_dump_json(exclude_defaults=True), file=answers, flush=True)


if __name__ == "__main__":
    main()
