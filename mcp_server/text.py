"""Answers of the library as text for a model's eyes: what it needs to go on, and no more."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from agents.sources import JobInfo, SourceStatus
from contracts.problems import ProblemBody
from rag.models import (
    Anchor,
    Answer,
    Hit,
    IndexReport,
    Passage,
    ProjectList,
    ProjectSummary,
    Reading,
    SearchAnswer,
)

_PASSAGE_MARK: Final = re.compile(r"<(?=/?passage\b)", re.IGNORECASE)
_MOST_TOLD: Final = 5
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
    """The hits by number, each between marks that its own text cannot close, and how to go on."""
    if not answer.hits:
        return answer.note or _NOTHING_FOUND
    blocks = [block for hit in answer.hits for block in _hit_blocks(hit)]
    more = f"More: the same search with cursor {answer.next_cursor}" if answer.next_cursor else ""
    return "\n".join(filter(None, [*blocks, answer.note, more]))


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


def job_text(answer: JobInfo) -> str:
    """A sync in one line, what it met that a person should know below it."""
    head = f"sync {answer.job_id} of {answer.project_id}: {answer.status}"
    report = [] if answer.report is None else _report_lines(answer.report)
    error = [] if answer.error is None else [problem_text(answer.error)]
    return "\n".join([head, *report, *error])


def source_text(answer: SourceStatus) -> str:
    """The source, its last sync, and a line for each of its projects."""
    source = answer.source
    gone = ", gone where it comes from" if source.gone else ""
    following = "" if source.next_sync_at is None else f", next sync {source.next_sync_at:%F %R %Z}"
    head = _one_line(f"{source.source_id}: {source.title} ({source.location}{gone}{following})")
    last = "never synced" if answer.last_job is None else job_text(answer.last_job)
    return "\n".join([head, last, *(_project_line(project) for project in answer.projects)])


def problem_text(body: ProblemBody) -> str:
    """What went wrong, in English and Japanese, then the next step."""
    wait = "" if body.retry_after_s is None else f"Retry after {body.retry_after_s:g} s."
    lines = [f"{body.code}: {body.message}", body.message_ja, f"Next step: {body.hint}", wait]
    return "\n".join(filter(None, lines))


def _report_lines(report: IndexReport) -> list[str]:
    """Counts, then the first files that failed and the first parts that are stale."""
    left = "" if report.eta_s is None else f", about {report.eta_s:.0f} s left"
    counts = (
        f"{report.seen} files seen, {report.done} of {report.todo} read, {report.unchanged}"
        f" unchanged, {report.moved} moved, {report.removed} removed, {report.failed} failed{left}"
    )
    failed = [f"failed: {each.path}: {each.message}" for each in report.failures]
    stale = [f"stale: {each.path}: {each.message}" for each in report.stale]
    told = [_one_line(line) for line in (*failed[:_MOST_TOLD], *stale[:_MOST_TOLD])]
    return [counts, *told]


def _project_line(project: ProjectSummary) -> str:
    failed = f", {project.failed} files not readable" if project.failed else ""
    indexed = f"indexed {project.indexed_at}" if project.indexed_at else "never indexed"
    counts = f"{project.files} files, {project.passages} passages{failed}, {indexed}"
    return _one_line(f"{project.project_id}: {project.title} ({counts})")


def _hit_blocks(hit: Hit) -> Iterator[str]:
    """Yield the hit between its neighbours, which have no number: they were not found."""
    yield from map(_passage_block, hit.before)
    yield _hit_block(hit)
    yield from map(_passage_block, hit.after)


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
    link = f" {hit.link}" if hit.link else ""
    return _one_line(
        f"[{hit.number}] {hit.project_id}: {place} (passage_id {hit.passage_id}){link}"
    )


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
