"""Passages of a materials laboratory, and what people type to find them."""

from functools import cache
from pathlib import Path

from pydantic import BaseModel


class Note(BaseModel, frozen=True):
    """A passage; most have neighbours that differ from it in one number or letter."""

    id: str
    title: str
    text: str


class Question(BaseModel, frozen=True):
    """What is typed, what kind of thing it names (`form`), and the ids of the notes meant."""

    form: str
    text: str
    answers: tuple[str, ...]


@cache
def notes() -> tuple[Note, ...]:
    """Return the passages."""
    return tuple(Note.model_validate_json(line) for line in _lines("passages.jsonl"))


@cache
def questions() -> tuple[Question, ...]:
    """Return the queries."""
    return tuple(Question.model_validate_json(line) for line in _lines("queries.jsonl"))


def _lines(name: str) -> list[str]:
    return Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
