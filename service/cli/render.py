"""Tables for people: hits, sources, projects, keys, reports. Nothing here asks or decides."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from agents.definition import AgentDefinition
from rag.extractive import best_sentences
from rag.highlights import highlight
from rag.models import (
    Anchor,
    Answer,
    FileFailure,
    Hit,
    IndexReport,
    ProjectSummary,
    Reading,
)
from service.checks import Check
from service.keys import KeyInfo

_SNIPPET = 240


def place_of(anchor: Anchor) -> str:
    """Return where in its file a passage stands, such as `p. 3 › 2. 熱処理` or `Sheet1!A2:F9`."""
    parts = [
        f"p. {anchor.page}" if anchor.page else "",
        f"{anchor.sheet}!{anchor.cells}" if anchor.sheet and anchor.cells else anchor.cells or "",
        "(hidden)" if anchor.hidden else "",
        f"cell {anchor.cell}" if anchor.cell else "",
        *anchor.heading,
    ]
    return " › ".join(filter(None, parts))


def hits_table(hits: Sequence[Hit], query: str) -> Table:
    """Return hits, best first, each by the sentence that has most of the query's words, in bold.

    A hit that has its neighbours is shown whole, between them.
    """
    table = plain_table("", "Score", "Where", "Passage")
    sentences = best_sentences(query, hits)
    for hit in hits:
        whole = bool(hit.before or hit.after)
        shown = hit.text if whole else _snippet(sentences.get(hit.number, hit.text))
        [spans] = highlight(query, [shown])
        text = Text(shown)
        for span in spans:
            text.stylize("bold", span.start, span.end)
        passage = _between(hit, text)
        table.add_row(str(hit.number), f"{hit.score:.2f}", _where(hit), passage)
    return table


def _between(hit: Hit, text: Text) -> Text:
    before = [Text(passage.text, style="dim") for passage in hit.before]
    after = [Text(passage.text, style="dim") for passage in hit.after]
    return Text("\n\n").join([*before, text, *after])


def sources_table(answer: Answer) -> Table:
    """Return the hits that the answer cites."""
    cited = {number for citation in answer.citations for number in citation.hits}
    table = plain_table("", "Source", "Version")
    for hit in answer.hits:
        if hit.number in cited:
            table.add_row(f"[{hit.number}]", _where(hit), Text(hit.version[:12], style="dim"))
    return table


def reading_view(reading: Reading) -> RenderableType:
    """Return neighbouring passages of a document."""
    head = f"{reading.project_id} / {reading.path}  ({reading.total_passages} passages)"
    parts: list[RenderableType] = [Text(head, style="bold")]
    for passage in reading.passages:
        parts += [Text(place_of(passage.anchor), style="cyan"), Text(passage.text), Text("")]
    return Group(*parts)


def projects_table(projects: Sequence[ProjectSummary]) -> Table:
    """Return projects with the state of their indexes."""
    table = plain_table("Project", "Title", "Files", "Failed", "Passages", "Indexed")
    for project in projects:
        table.add_row(
            Text(project.project_id),
            Text(project.title),
            str(project.files),
            str(project.failed),
            str(project.passages),
            shown_time(datetime.fromisoformat(project.indexed_at) if project.indexed_at else None),
        )
    return table


def keys_table(keys: Sequence[KeyInfo]) -> Table:
    """Return keys, without the keys themselves."""
    table = plain_table(
        "Id", "Name", "For", "Scopes", "Projects", "Models", "Limits", "Last used", "Ends"
    )
    for key in keys:
        ends = (
            f"revoked {shown_time(key.revoked_at)}"
            if key.revoked_at
            else shown_time(key.expires_at)
        )
        limits = key.limits.model_dump(exclude_none=True)
        table.add_row(
            key.id,
            Text(key.name),
            Text(key.principal_id),
            " ".join(sorted(key.scopes)),
            Text(" ".join(key.projects)),
            Text(" ".join(key.models)),
            " ".join(f"{name}={most}" for name, most in limits.items()),
            shown_time(key.last_used_at),
            ends,
        )
    return table


def agents_table(agents: Iterable[AgentDefinition[Any, Any]]) -> Table:
    """Return agents, with the names of the fields that each takes."""
    table = plain_table("Agent", "Title", "When to use it", "Fields")
    for agent in agents:
        table.add_row(
            agent.name,
            Text(f"{agent.title_en}\n{agent.title_ja}"),
            Text(agent.summary),
            "\n".join(agent.request.model_fields),
        )
    return table


def agent_schema(agent: AgentDefinition[Any, Any]) -> Table:
    """Return the fields that an agent takes, and what each means."""
    table = plain_table("Field", "Meaning")
    for name, field in agent.request.model_fields.items():
        table.add_row(name, Text(field.description or ""))
    return table


def report_line(report: IndexReport) -> Text:
    """Return what an indexing run did, in one line."""
    stale = f", {len(report.stale)} stale" if report.stale else ""
    return Text(
        f"{report.project_id}: {report.seen} files, {report.done - report.failed} read,"
        f" {report.unchanged} unchanged, {report.moved} moved, {report.removed} removed,"
        f" {report.failed} failed{stale}, {report.passages} passages written"
    )


def failures_table(failures: Sequence[FileFailure]) -> Table:
    """Return the files that could not be indexed, and why."""
    table = plain_table("Not indexed", "Reason", "What it means")
    for failure in failures:
        table.add_row(Text(failure.path), failure.code, Text(failure.message))
    return table


def checks_table(checks: Sequence[Check]) -> Table:
    """Return what works and what does not."""
    styles = {"ok": "green", "off": "dim", "missing": "yellow", "broken": "bold red"}
    table = plain_table("", "State", "Detail", "What to do")
    for check in checks:
        state = Text(check.state, style=styles[check.state])
        table.add_row(check.name, state, Text(check.detail), Text(check.hint))
    return table


def shown_time(moment: datetime | None) -> str:
    """Return a moment in the reader's own time zone; a dash where there is none."""
    return "–" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M")


def plain_table(*columns: str) -> Table:
    """Return an empty table without lines."""
    table = Table(
        box=None, pad_edge=False, show_edge=False, header_style="dim", padding=(0, 2, 0, 0)
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _where(hit: Hit) -> Text:
    path = Text(hit.path, style=Style(color="cyan", bold=True, link=hit.link))
    text = Text(f"{hit.project_id} / ", style="dim").append_text(path)
    place = place_of(hit.anchor)
    return text.append(f"\n{place}", style="cyan") if place else text


def _snippet(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SNIPPET else f"{line[: _SNIPPET - 1]}…"
