"""The statements of a submission, sorted by what a profile asks for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from agents.check_sample_quality.formulas import is_composition_itself
from agents.check_sample_quality.labels import criterion_of, is_note
from agents.check_sample_quality.layout import topics_of
from agents.check_sample_quality.profile import Profile
from agents.check_sample_quality.sentences import sentences_in
from agents.check_sample_quality.statements import Statement

_END_OF_NAME = re.compile(r"[、,;\s]")


@dataclass(frozen=True, slots=True)
class Field:
    """A statement whose label means a criterion; `in_prose` where a sentence names it."""

    criterion: str
    statement: Statement
    in_prose: bool


@dataclass(frozen=True, slots=True)
class Parts:
    """Fields of a profile's criteria, and running text, notes included."""

    fields: tuple[Field, ...]
    prose: tuple[Statement, ...]

    def of(self, criterion: str) -> list[Statement]:
        """Return the fields of one criterion."""
        return [field.statement for field in self.fields if field.criterion == criterion]


def parts_of(text: str, statements: Sequence[Statement], profile: Profile) -> Parts:
    """Split statements into fields of the profile's criteria and running text."""
    fields: list[Field] = []
    prose: list[Statement] = []
    for statement in statements:
        criterion = criterion_of(statement.label, profile.criteria) if statement.label else None
        if criterion is not None:
            fields.append(Field(criterion, statement, in_prose=False))
        elif statement.label is None or is_note(statement.label):
            for sentence in sentences_in(text, statement.start, statement.end):
                prose.append(sentence)
                fields.extend(_fields_in(text, sentence, profile))
    return Parts(tuple(fields), tuple(prose))


def _fields_in(text: str, sentence: Statement, profile: Profile) -> Iterator[Field]:
    for topic in topics_of(text, sentence, profile.criteria):
        criterion = criterion_of(topic.label or "", profile.criteria)
        if criterion == "identifier":
            name = _END_OF_NAME.split(topic.text(text))[0]
            if not is_composition_itself(name):  # 「試料はMg-3Al-1Znの板」 names no specimen
                yield Field(criterion, replace(topic, end=topic.start + len(name)), in_prose=True)
        elif criterion is not None:
            yield Field(criterion, topic, in_prose=True)
