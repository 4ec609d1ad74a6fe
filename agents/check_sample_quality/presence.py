"""Which criteria a description meets, and with which words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agents.check_sample_quality.blanks import is_negated
from agents.check_sample_quality.entries import is_stoichiometric, judge_entry
from agents.check_sample_quality.formulas import find_formulas
from agents.check_sample_quality.parts import Parts
from agents.check_sample_quality.profile import Criterion, Profile, load_criteria
from agents.check_sample_quality.record import State
from agents.check_sample_quality.shares import BASIS, find_element_shares
from agents.check_sample_quality.statements import Statement

RANK: Mapping[State, int] = {"missing": 0, "partial": 1, "present": 2}
_COMPOSITION_WORD = re.compile(r"組成|化学式|[Ff]ormula|[Cc]omposition|[Ss]toichiometr")
_PROCESS_WORD = re.compile(
    r"\b(?:from|using|precursors?|impregnat\w*|dissolved)\b"
    r"|原料|含浸|水溶液|から(?:合成|作製|調製)"
)
# Found first, because their formulas and names are not the sample's own.
_FIRST = ("identifier", "substrate", "support", "provenance", "current_collector", "contact")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words `start:end` of the folded text that speak for a criterion, and how well."""

    criterion: str
    state: State
    start: int
    end: int

    def overlaps(self, start: int, end: int) -> bool:
        """Tell whether it shares a character with `start:end`."""
        return start < self.end and self.start < end


def find_evidence(text: str, parts: Parts, profile: Profile) -> dict[str, Evidence]:
    """Return the best evidence for each criterion that has any, in the folded text."""
    found: dict[str, Evidence] = {}
    known = load_criteria()
    for field in parts.fields:
        statement = field.statement
        state = judge_entry(known[field.criterion], statement.text(text), statement.unit_hint)
        _keep_better(found, Evidence(field.criterion, state, statement.start, statement.end))
    for name in sorted(profile.criteria, key=lambda name: name not in _FIRST):
        if name not in found or found[name].state != "present":
            taken = [found[first] for first in _FIRST if first in found]
            for evidence in _in_prose(text, parts.prose, known[name], taken):
                _keep_better(found, evidence)
    if "composition_basis" in profile.criteria:
        _add_basis(text, parts, found)
    return {name: evidence for name, evidence in found.items() if evidence.state != "missing"}


def _keep_better(found: dict[str, Evidence], new: Evidence) -> None:
    old = found.get(new.criterion)
    if old is None or RANK[new.state] > RANK[old.state]:
        found[new.criterion] = new


def _in_prose(
    text: str, prose: Sequence[Statement], criterion: Criterion, taken: Sequence[Evidence]
) -> Iterator[Evidence]:
    for statement in prose:
        sentence = statement.text(text)
        if criterion.not_about and re.search(criterion.not_about, sentence):
            continue
        if criterion.check == "conditions":
            yield from _conditions_in(criterion, statement, sentence)
            continue
        if criterion.check == "composition":
            yield from _composition_in(criterion, statement, sentence, taken)
        yield from _cued(text, statement, criterion, taken)
        yield from _vague_in(criterion, statement, sentence)


def _cued(
    text: str, statement: Statement, criterion: Criterion, taken: Sequence[Evidence]
) -> Iterator[Evidence]:
    for cue in criterion.cue_patterns:
        for match in cue.finditer(text, statement.start, statement.end):
            start, end = _trimmed(text, *match.span("quote"))
            if end > start and not _is_ruled_out(text, statement, (start, end), taken):
                state = judge_entry(criterion, text[start:end])
                yield Evidence(criterion.id, state, start, end)


def _is_ruled_out(
    text: str, statement: Statement, place: tuple[int, int], taken: Sequence[Evidence]
) -> bool:
    """Tell whether other criteria own the place, or the words around it deny it."""
    if any(evidence.overlaps(*place) for evidence in taken):
        return True
    before = re.split(r"[。;]", text[statement.start : place[0]])[-1]
    clause = re.split(r"[、。;,]", text[place[0] : statement.end])[0]
    return is_negated(before + clause)


def _vague_in(criterion: Criterion, statement: Statement, sentence: str) -> Iterator[Evidence]:
    for pattern in criterion.vague:
        if not pattern.startswith("^") and (match := re.search(pattern, sentence)):
            start, end = match.span()
            yield Evidence(criterion.id, "partial", statement.start + start, statement.start + end)


def _conditions_in(criterion: Criterion, statement: Statement, sentence: str) -> Iterator[Evidence]:
    """Take the whole sentence, for its numbers belong together."""
    if is_negated(sentence) or not any(cue.search(sentence) for cue in criterion.cue_patterns):
        return
    start, end = _trimmed(sentence, 0, len(sentence))
    state = judge_entry(criterion, sentence[start:end])
    yield Evidence(criterion.id, state, statement.start + start, statement.start + end)


def _composition_in(
    criterion: Criterion, statement: Statement, sentence: str, taken: Sequence[Evidence]
) -> Iterator[Evidence]:
    if _PROCESS_WORD.search(sentence) and not _COMPOSITION_WORD.search(sentence):
        return
    places = [(shares.start, shares.end) for shares in find_element_shares(sentence)]
    places += [
        (formula.start, formula.end)
        for formula in find_formulas(sentence)
        if len(set(formula.elements)) > 1
    ]
    for start, end in places:
        evidence = Evidence(criterion.id, "present", statement.start + start, statement.start + end)
        if not any(other.overlaps(evidence.start, evidence.end) for other in taken):
            yield evidence


def _add_basis(text: str, parts: Parts, found: dict[str, Evidence]) -> None:
    """Find the basis in or just after the composition, where it has no field of its own."""
    name, composition = "composition_basis", found.get("composition")
    if composition is None or (name in found and found[name].state != "missing"):
        return
    sentences = (part for part in parts.prose if part.start <= composition.start < part.end)
    end = max([composition.end, *(part.end for part in sentences)])
    if match := BASIS.search(text, composition.start, end):
        found[name] = Evidence(name, "present", match.start(), match.end())
    elif is_stoichiometric(text[composition.start : composition.end]):
        found[name] = Evidence(name, "present", composition.start, composition.end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    value = text[start:end]
    lead = len(value) - len(value.lstrip(" \t\n、,。"))
    return start + lead, end - (len(value) - len(value.rstrip(" \t\n、,。.;")))
