"""Cut a submission into statements, whichever way it was written."""

import re
from collections.abc import Iterator, Sequence

from agents.check_sample_quality.json_layout import json_statements
from agents.check_sample_quality.labels import criterion_of, is_note
from agents.check_sample_quality.profile import load_criteria
from agents.check_sample_quality.statements import Statement
from agents.check_sample_quality.text_layout import text_statements

_TOPIC_END = re.compile(r"\s*(?:は|:|=|\bis\b|\bwas\b|\bare\b)\s*")
_CLAUSE_START = re.compile(r"[、。,;()]")
_COPULA = re.compile(r"\s*(?:です|である|とする|でした|だ)$")


def statements_of(text: str) -> list[Statement]:
    """Return the statements of a folded submission: JSON, YAML, tables, lines or prose."""
    found = json_statements(text, is_label=is_known_label, takes_object=_takes_object)
    return text_statements(text, is_known_label) if found is None else found


def is_known_label(label: str) -> bool:
    """Tell whether a folded label names a criterion or announces free text."""
    return is_note(label) or _criterion_of(label) is not None


def _takes_object(label: str) -> bool:
    """Tell whether an object answers the criterion; `sample` and `material` only hold others."""
    return _criterion_of(label) not in {None, "identifier", "material"}


def _criterion_of(label: str) -> str | None:
    return criterion_of(label, tuple(load_criteria()))


def topics_of(text: str, prose: Statement, criteria: Sequence[str]) -> Iterator[Statement]:
    """Yield the fields inside a sentence: 「形状は板、Supplier は北浜金属」 has two."""
    topics: list[tuple[int, int, str]] = []
    for match in _TOPIC_END.finditer(text, prose.start, prose.end):
        before = _CLAUSE_START.split(text[prose.start : match.start()])[-1].strip()
        if before and criterion_of(before, criteria) is not None:
            topics.append((match.start() - len(before), match.end(), before))
    ends = [*(start for start, _, _ in topics[1:]), prose.end]
    for (_, start, label), end in zip(topics, ends, strict=False):
        value = _COPULA.sub("", text[start:end].rstrip(" 、,。.;"))
        if value:
            yield Statement(start, start + len(value), label)
