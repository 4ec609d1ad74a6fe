"""Compare verdicts with gold. Pure: verdicts in, counts out."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from agents.check_sample_quality.record import Finding, SampleVerdict
from evals.sample_quality.cases import Case, JudgedFinding


@dataclass(slots=True)
class Agreement:
    """Hits, false alarms and misses of one aspect or one kind of finding."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0

    @property
    def precision(self) -> float:
        """Share of what was reported that is right; 1 when nothing was."""
        reported = self.hits + self.false_alarms
        return self.hits / reported if reported else 1.0

    @property
    def recall(self) -> float:
        """Share of what there is that was reported; 1 when there is nothing."""
        gold = self.hits + self.misses
        return self.hits / gold if gold else 1.0

    def add(self, other: "Agreement") -> None:
        """Count another's cases in."""
        self.hits += other.hits
        self.false_alarms += other.false_alarms
        self.misses += other.misses


@dataclass(slots=True)
class Share:
    """How many of how many."""

    right: int = 0
    of: int = 0

    def count(self, *, right: bool) -> None:
        """Count one more case."""
        self.right += right
        self.of += 1

    @property
    def value(self) -> float:
        """The share; 1 when there is no case."""
        return self.right / self.of if self.of else 1.0


@dataclass(slots=True, kw_only=True)
class Score:
    """How verdicts agree with gold; `asked` is the required aspects that the message names."""

    aspects: dict[str, Agreement] = field(default_factory=lambda: defaultdict(Agreement))
    findings: dict[str, Agreement] = field(default_factory=lambda: defaultdict(Agreement))
    overall: Share = field(default_factory=Share)
    by_tag: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    states: Share = field(default_factory=Share)
    quotes: Share = field(default_factory=Share)
    asked: Share = field(default_factory=Share)
    overall_unnamed: Share = field(default_factory=Share)
    mistaken: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on a case with its profile named, and with the profile left to the rules."""

    case: Case
    verdict: SampleVerdict
    unnamed: SampleVerdict


def score(outcomes: Iterable[Outcome]) -> Score:
    """Count over all outcomes; ambiguous cases count for `overall` only."""
    total = Score()
    for outcome in outcomes:
        case, verdict = outcome.case, outcome.verdict
        is_right = verdict.overall == case.overall
        total.overall.count(right=is_right)
        total.by_tag[case.tag].count(right=is_right)
        if not is_right:
            total.mistaken.append(f"{case.id}: {case.overall} → {verdict.overall}")
        if not case.ambiguous:
            _count_aspects(total, case, verdict)
            _count_findings(total, case, verdict)
            _count_asked(total, case, verdict)
            total.overall_unnamed.count(right=outcome.unnamed.overall == case.overall)
    return total


def micro(agreements: Iterable[Agreement]) -> Agreement:
    """Add agreements up."""
    total = Agreement()
    for agreement in agreements:
        total.add(agreement)
    return total


def _count_aspects(total: Score, case: Case, verdict: SampleVerdict) -> None:
    found = {criterion.criterion: criterion for criterion in verdict.criteria}
    for aspect, gold in case.aspects.items():
        criterion = found[aspect]
        is_present, should_be = criterion.state == "present", gold == "present"
        total.states.count(right=criterion.state == gold)
        total.aspects[aspect].add(_agreement(found=is_present, gold=should_be))
        if is_present and should_be and aspect in case.spans:
            quote = criterion.quote or ""
            total.quotes.count(right=_overlap(case.input, quote, case.spans[aspect]))


def _agreement(*, found: bool, gold: bool) -> Agreement:
    return Agreement(
        hits=found and gold, false_alarms=found and not gold, misses=gold and not found
    )


def _overlap(text: str, quote: str, span: str) -> bool:
    """Tell whether two stretches of a text share words; each at its first occurrence."""
    start, gold = text.find(quote), text.find(span)
    return start < gold + len(span) and gold < start + len(quote)


def _count_findings(total: Score, case: Case, verdict: SampleVerdict) -> None:
    """A finding hits when its code is right and its place overlaps the judged one."""
    reported = Counter(finding.code for finding in verdict.findings)
    there = Counter(finding.code for finding in case.findings)
    hits = Counter(_hit_codes(case, verdict.findings))
    for code in reported | there:
        total.findings[code].add(
            Agreement(
                hits=hits[code],
                false_alarms=reported[code] - hits[code],
                misses=there[code] - hits[code],
            )
        )


def _hit_codes(case: Case, reported: Sequence[Finding]) -> Iterator[str]:
    for gold in case.findings:
        if any(_hits(case, gold, finding) for finding in reported):
            yield gold.code


def _hits(case: Case, gold: JudgedFinding, finding: Finding) -> bool:
    start = case.input.find(gold.span)
    overlaps = start < finding.end and finding.start < start + len(gold.span)
    return finding.code == gold.code and overlaps


def _count_asked(total: Score, case: Case, verdict: SampleVerdict) -> None:
    labels = {criterion.criterion: criterion.label for criterion in verdict.criteria}
    for aspect in case.must_ask:
        total.asked.count(right=labels[aspect] in verdict.message)
