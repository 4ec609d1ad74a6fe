"""The verdict as text, for people at a terminal and for models."""

from collections.abc import Iterator

from agents.check_sample_quality.record import CriterionVerdict, SampleVerdict

_HEADS = {
    "sufficient": ("十分な試料情報です", "Sufficient"),
    "needs_more": ("もう少し情報が必要です", "Needs more"),
    "contradictory": ("食い違いがあります", "Contradictory"),
    "not_a_sample": ("試料の記述ではないようです", "Not a sample description"),
}
_STATES = {
    "present": ("あり", "present"),
    "partial": ("不十分", "partial"),
    "missing": ("なし", "missing"),
}
_LONGEST_QUOTE = 80


def verdict_text(verdict: SampleVerdict) -> str:
    """Return the verdict in its own language: the message, then what is wrong, then the rest."""
    return "\n".join(_lines(verdict))


def _lines(verdict: SampleVerdict) -> Iterator[str]:
    japanese = verdict.language == "ja"
    head = _HEADS[verdict.overall][0 if japanese else 1]
    yield f"{head} ({verdict.overall}) · {verdict.profile.id} v{verdict.profile.version}"
    yield verdict.message
    for finding in verdict.findings:
        yield f"! {finding.code}: {finding.message} 「{_shortened(finding.quote)}」"
    for criterion in verdict.criteria:
        yield _criterion_line(criterion, japanese=japanese)
    if verdict.comment:
        yield verdict.comment
    yield from (f"({left_out})" for left_out in verdict.left_out)


def _criterion_line(criterion: CriterionVerdict, *, japanese: bool) -> str:
    mark = {"present": "✓", "partial": "△", "missing": "✗"}[criterion.state]
    state = _STATES[criterion.state][0 if japanese else 1]
    star = "*" if criterion.importance == "required" else ""
    line = f"{mark} {criterion.label}{star}: {state}"
    if criterion.quote:
        line += f" 「{_shortened(criterion.quote)}」"
    if criterion.suggestion:
        line += f" → {criterion.suggestion}"
    return line


def _shortened(quote: str) -> str:
    line = " ".join(quote.split())
    return line if len(line) <= _LONGEST_QUOTE else f"{line[: _LONGEST_QUOTE - 1]}…"
