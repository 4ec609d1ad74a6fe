"""Known verses: the bundled ones, and those of a corpus the operator brings."""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from gzip import GzipFile
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from agents.explain_vedic.devanagari import normalise
from agents.problems import CorpusInvalid

BUNDLED = "bundled"
MAX_CORPUS_BYTES = 256 * 1024 * 1024


class Verse(BaseModel, frozen=True):
    """One verse: where it stands, and its text in normalised Devanagari."""

    locus: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=10_000)]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Verses in order; `digest` is the SHA-256 of their file, and tells corpora apart."""

    id: str
    digest: str
    verses: tuple[Verse, ...] = field(compare=False)


def load_bundled() -> Corpus:
    """Return the well-known verses that come with this package."""
    return _bundled()


def load_corpus(path: Path, *, max_bytes: int = MAX_CORPUS_BYTES) -> Corpus:
    """Return the verses of a file of JSON lines, plain or gzip, read again when it changes.

    Raises:
        CorpusInvalid: not there, damaged, over `max_bytes` when unpacked, or a line without locus
            and text in Devanagari.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise CorpusInvalid(path.name, reason=error.strerror or "not readable") from error
    return _from_file(path, max_bytes, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=1)
def _bundled() -> Corpus:
    raw = (files("agents.explain_vedic") / "verses.jsonl").read_bytes()
    return _corpus(BUNDLED, raw)


@lru_cache(maxsize=2)
def _from_file(path: Path, max_bytes: int, _mtime_ns: int, _size: int) -> Corpus:
    try:
        raw = _unpacked(path, max_bytes)
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusInvalid(path.name, reason="damaged or not readable") from error
    return _corpus(path.name, raw)


def _unpacked(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        raw = (GzipFile(fileobj=file) if packed else file).read(max_bytes + 1)
    if len(raw) > max_bytes:
        raise CorpusInvalid(path.name, reason=f"over {max_bytes:,} bytes when unpacked")
    return raw


def _corpus(name: str, raw: bytes) -> Corpus:
    return Corpus(name, sha256(raw).hexdigest(), tuple(_verses(name, raw)))


def _verses(name: str, raw: bytes) -> Iterator[Verse]:
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            verse = Verse.model_validate(json.loads(line))
            yield Verse(locus=verse.locus, text=normalise(verse.text))
        except ValueError as error:
            reason = f"line {number} has no locus and text in Devanagari"
            raise CorpusInvalid(name, reason=reason) from error
