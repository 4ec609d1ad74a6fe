"""The verdict, from marks and contradictions to what the submitter is told. Pure."""

from collections.abc import Mapping, Sequence

from agents.check_sample_quality.findings.contradiction import Contradiction
from agents.check_sample_quality.folding import Folded
from agents.check_sample_quality.marks import Mark
from agents.check_sample_quality.presence import RANK
from agents.check_sample_quality.profile import Profile, load_criteria
from agents.check_sample_quality.record import (
    CriterionVerdict,
    Finding,
    Importance,
    Language,
    Overall,
)
from agents.check_sample_quality.wording import suggestion_for


def overall_of(
    *, is_sample: bool, findings: Sequence[Finding], criteria: Sequence[CriterionVerdict]
) -> Overall:
    """Decide; recommended criteria never change the verdict."""
    if not is_sample:
        return "not_a_sample"
    if findings:
        return "contradictory"
    required = (verdict for verdict in criteria if verdict.importance == "required")
    return "sufficient" if all(each.state == "present" for each in required) else "needs_more"


def findings_of(
    contradictions: Sequence[Contradiction], folded: Folded, language: Language
) -> list[Finding]:
    """Show contradictions with the words of the submission as it was sent."""
    found: list[Finding] = []
    for contradiction in contradictions:
        start, end = folded.span(contradiction.start, contradiction.end)
        message = contradiction.ja if language == "ja" else contradiction.en
        quote = folded.source[start:end]
        found.append(
            Finding(code=contradiction.code, quote=quote, start=start, end=end, message=message)
        )
    return found


def criteria_of(
    profile: Profile, marks: Mapping[str, Mark], source: str, language: Language
) -> list[CriterionVerdict]:
    """Return every criterion: required before recommended, missing before partial before present.

    What is alike keeps the profile's order.
    """
    required = _ordered(profile.required, "required", marks, source, language)
    return required + _ordered(profile.recommended, "recommended", marks, source, language)


def _ordered(
    names: Sequence[str],
    importance: Importance,
    marks: Mapping[str, Mark],
    source: str,
    language: Language,
) -> list[CriterionVerdict]:
    verdicts = [_verdict(name, importance, marks.get(name), source, language) for name in names]
    return sorted(verdicts, key=lambda verdict: RANK[verdict.state])


def _verdict(
    name: str, importance: Importance, mark: Mark | None, source: str, language: Language
) -> CriterionVerdict:
    criterion = load_criteria()[name]
    quote = source[mark.start : mark.end] if mark else None
    is_met = mark is not None and mark.state == "present"
    return CriterionVerdict(
        criterion=name,
        label=criterion.label(language),
        importance=importance,
        state=mark.state if mark else "missing",
        quote=quote,
        start=mark.start if mark else None,
        end=mark.end if mark else None,
        judged_by=mark.judged_by if mark else "rules",
        suggestion=None if is_met else suggestion_for(criterion, quote, language),
    )
