"""The files of a test collection, line by line; whatever does not fit is named with its line."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, Field, ValidationError

from evals.retrieval.problems import CollectionMalformed, CollectionMissing

T = TypeVar("T")


class Row(BaseModel, frozen=True, coerce_numbers_to_str=True):
    """A document or a query; `project` and `title` may be absent, what else there is is ignored."""

    id: Annotated[str, Field(alias="_id", min_length=1)]
    text: str
    title: str = ""
    project: str = ""


class Judgement(NamedTuple):
    """How well a document answers a query; above 0 it is relevant."""

    query: str
    document: str
    grade: int


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A row, and the line it stands on, counted from 1."""

    line: int
    row: T


def corpus_file(folder: Path) -> Path:
    """Return where the documents are, packed or not."""
    return _first(folder, "corpus.jsonl", "corpus.jsonl.gz")


def queries_file(folder: Path) -> Path:
    """Return where the queries are, packed or not."""
    return _first(folder, "queries.jsonl", "queries.jsonl.gz")


def judgements_file(folder: Path) -> Path:
    """Return where the judgements are: `qrels.tsv`, or `qrels/test.tsv` as BEIR has it."""
    return _first(folder, "qrels.tsv", "qrels/test.tsv")


def rows(file: Path) -> Iterator[Placed[Row]]:
    """Yield the objects of a file of JSON lines, `.gz` or not; empty lines are passed over.

    Raises:
        CollectionMalformed: a line is no JSON object with `_id` and `text`, or is not UTF-8.
    """
    for line, content in _lines(file):
        try:
            yield Placed(line, Row.model_validate_json(content))
        except ValidationError as error:
            [fault, *_] = error.errors(include_url=False, include_input=False)
            place = ".".join(map(str, fault["loc"]))
            reason = f"{place}: {fault['msg']}" if place else fault["msg"]
            raise CollectionMalformed(str(file), line, reason=reason) from None


def judgements(file: Path) -> Iterator[Placed[Judgement]]:
    """Yield the judgements of a file of `query-id`, `corpus-id`, `score` between tabs.

    A first line whose score is no number is a heading.

    Raises:
        CollectionMalformed: a line has not three columns, or its score is no whole number.
    """
    for line, content in _lines(file):
        try:
            query, document, grade = content.decode("utf-8").strip("\r\n").split("\t")
            yield Placed(line, Judgement(query, document, int(grade)))
        except ValueError:
            if line > 1 or content.count(b"\t") != 2:
                reason = "it is not query id, document id and a whole number between tabs"
                raise CollectionMalformed(str(file), line, reason=reason) from None


def _first(folder: Path, *names: str) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise CollectionMissing(str(folder), wanted=" or ".join(names))


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    line = 0
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as content:
            for line, text in enumerate(content, start=1):
                if text.strip():
                    yield line, text
    except (OSError, EOFError, zlib.error) as error:
        reason = f"it cannot be read on from here ({error})"
        raise CollectionMalformed(str(file), line or None, reason=reason) from error
