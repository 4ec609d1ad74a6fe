"""Answers of the library as text for a model's eyes: what it needs to go on, and no more."""

import re
from collections.abc import Iterable
from typing import Final

from contracts.problems import ProblemBody
from rag.models import (
    Anchor,
    Answer,
    Hit,
    Passage,
    ProjectList,
    ProjectSummary,
    Reading,
    SearchAnswer,
)

_PASSAGE_MARK: Final = re.compile(r"<(?=/?passage\b)", re.IGNORECASE)
_NOTHING_FOUND: Final = (
    "No passage found. Try other words, or the other language (Japanese, English);"
    " `list_projects` tells what is indexed."
)


def projects_text(answer: ProjectList) -> str:
    """One line a project."""
    if not answer.projects:
        return "There is no project that this key may read."
    return "\n".join(_project_line(project) for project in answer.projects)


def hits_text(answer: SearchAnswer) -> str:
    """The hits by number, each between marks that its own text cannot close."""
    return "\n".join(_hit_block(hit) for hit in answer.hits) or _NOTHING_FOUND


def reading_text(answer: Reading) -> str:
    """The document's name, then its passages in reading order."""
    shown = f"{len(answer.passages)} of {answer.total_passages} passages"
    head = _one_line(f"{answer.project_id}: {answer.path} ({answer.title}), {shown}")
    return "\n".join([head, *(_passage_block(passage) for passage in answer.passages)])


def answer_text(answer: Answer) -> str:
    """The answer, what is to be known about it, and where each cited number stands."""
    cited = {number for citation in answer.citations for number in citation.hits}
    sources = "\n".join(_source_line(hit) for hit in answer.hits if hit.number in cited)
    return "\n\n".join(filter(None, [answer.text, answer.note, sources]))


def problem_text(body: ProblemBody) -> str:
    """What went wrong, in English and Japanese, then the next step."""
    wait = "" if body.retry_after_s is None else f"Retry after {body.retry_after_s:g} s."
    lines = [f"{body.code}: {body.message}", body.message_ja, f"Next step: {body.hint}", wait]
    return "\n".join(filter(None, lines))


def _project_line(project: ProjectSummary) -> str:
    failed = f", {project.failed} files not readable" if project.failed else ""
    indexed = f"indexed {project.indexed_at}" if project.indexed_at else "never indexed"
    counts = f"{project.files} files, {project.passages} passages{failed}, {indexed}"
    return _one_line(f"{project.project_id}: {project.title} ({counts})")


def _hit_block(hit: Hit) -> str:
    marks = {
        "number": str(hit.number),
        "project": hit.project_id,
        "from": _place(hit.path, hit.anchor),
        "passage_id": hit.passage_id,
    }
    return _block(marks, hit.text)


def _passage_block(passage: Passage) -> str:
    place = {"from": found} if (found := _place("", passage.anchor)) else {}
    return _block({**place, "passage_id": passage.passage_id}, passage.text)


def _source_line(hit: Hit) -> str:
    place = _place(hit.path, hit.anchor)
    return _one_line(f"[{hit.number}] {hit.project_id}: {place} (passage_id {hit.passage_id})")


def _block(marks: dict[str, str], text: str) -> str:
    """Quote a passage: neither its text nor its file's name can end or forge the marks."""
    inside = " ".join(f'{name}="{_one_line(value)}"' for name, value in marks.items())
    return f"<passage {inside}>\n{_unmarked(text)}\n</passage>"


def _place(path: str, anchor: Anchor) -> str:
    """Name the file and the place in it, as far as its format has places."""
    cells = " ".join(filter(None, [anchor.sheet, anchor.cells]))
    parts: Iterable[str] = (
        path,
        "" if anchor.page is None else f"p. {anchor.page}",
        f"{cells} (hidden)" if cells and anchor.hidden else cells,
        f"cell {anchor.cell}" if anchor.cell else "",
        " › ".join(anchor.heading),
    )
    return ", ".join(filter(None, parts))


def _one_line(value: str) -> str:
    """Keep a name from files on one line and inside its quotes."""
    return " ".join(_unmarked(value).split()).replace('"', "'")


def _unmarked(text: str) -> str:
    """Break what looks like our marks by a space of no width."""
    return _PASSAGE_MARK.sub("<\u200b", text)
