"""The parsing child: reads one job a line, answers one line of JSON each, and may be killed."""

import csv
import json
import resource
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from rag.parsing.document import ParsedDocument, Piece
from rag.parsing.encoding import decode_text
from rag.parsing.limits import ParseLimits
from rag.parsing.markdown import markdown_pieces
from rag.parsing.media import Media, archive_members, is_encrypted_office, media_of, mime_of
from rag.parsing.notebook import notebook_pieces
from rag.parsing.office import html_pieces, office_pieces, pdf_pieces
from rag.parsing.plain import code_pieces, text_pieces
from rag.parsing.problems import FailureCode, ParseFailed
from rag.parsing.spreadsheet import spreadsheet_pieces
from rag.parsing.tables import csv_rows, table_pieces

_HEAD_BYTES = 8192
_TitleAndPieces = tuple[str | None, list[Piece]]
_FROM_FILE: dict[Media, Callable[[Path], _TitleAndPieces]] = {
    "pdf": pdf_pieces,
    "spreadsheet": lambda path: (None, list(spreadsheet_pieces(path))),
    "office": office_pieces,
}
_FROM_TEXT: dict[Media, Callable[[str], _TitleAndPieces]] = {
    "html": html_pieces,
    "markdown": lambda text: (None, markdown_pieces(text)),
    "csv": lambda text: (None, list(table_pieces(csv_rows(text)))),
    "notebook": lambda text: (None, notebook_pieces(text)),
    "code": lambda text: (None, code_pieces(text)),
    "text": lambda text: (None, text_pieces(text)),
}


def read_document(path: Path, name: str, limits: ParseLimits) -> ParsedDocument:
    """Read one file; must only be called where it may be killed.

    Raises:
        ParseFailed: the file is not read, and why.
    """
    if path.stat().st_size == 0:
        raise ParseFailed("empty_file")
    media = _media(path, name)
    if media is None or media == "image":
        raise ParseFailed("unsupported")
    try:
        title, pieces = _read(path, media, limits)
    except (
        ValueError,  # covers broken JSON, notebooks, workbooks and undecodable text
        KeyError,
        csv.Error,
        zipfile.BadZipFile,
    ) as error:
        raise ParseFailed("corrupt") from error
    pieces = [piece for piece in pieces if piece.text.strip()]
    if not pieces:
        raise ParseFailed("no_text")
    if sum(len(piece.text) for piece in pieces) > limits.text_chars:
        raise ParseFailed("too_large")
    return ParsedDocument(
        title=title or _first_heading(pieces) or PurePosixPath(name).name,
        media_type=mime_of(media),
        pieces=pieces,
    )


def _media(path: Path, name: str) -> Media | None:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if is_encrypted_office(path):
        raise ParseFailed("encrypted")
    return media_of(head, name, members=archive_members(path))


def _read(path: Path, media: Media, limits: ParseLimits) -> _TitleAndPieces:
    if read_file := _FROM_FILE.get(media):
        return read_file(path)
    if path.stat().st_size > limits.text_file_bytes:
        raise ParseFailed("too_large")
    return _FROM_TEXT[media](decode_text(path.read_bytes()).text)


def _first_heading(pieces: list[Piece]) -> str | None:
    first = pieces[0]
    return first.text if first.kind == "heading" else None


def _answer(job: dict[str, str], limits: ParseLimits) -> dict[str, object]:
    try:
        document = read_document(Path(job["path"]), job["name"], limits)
    except ParseFailed as failure:
        return {"failure": failure.reason}
    except MemoryError:
        return {"failure": "memory_exceeded"}
    except Exception as error:  # noqa: BLE001 - whatever a parser throws at a hostile file is its failure
        return {"failure": _failure_of(error)}
    return {"document": document.model_dump(mode="json")}


def _failure_of(error: Exception) -> FailureCode:
    said = str(error).casefold()
    if "password" in said or "encrypted" in said:
        return "encrypted"
    if "unsupported" in said:
        return "unsupported"
    return "corrupt"


def _allow_cpu(seconds: int) -> None:
    """Let this process use `seconds` more; past them the kernel ends it with SIGXCPU."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def main() -> None:
    """Serve jobs from standard input until it is closed. The limits are the one argument."""
    limits = ParseLimits.model_validate_json(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin:
        _allow_cpu(limits.cpu_s)
        print(json.dumps(_answer(json.loads(line), limits), ensure_ascii=True), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
