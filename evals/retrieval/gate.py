"""What a run must not fall short of: the recorded one, and rules that hold on every set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from evals.retrieval.bench import MIXED, PARTS, SHIPPED
from evals.retrieval.comparison import compare
from evals.retrieval.measures import NDCG
from evals.retrieval.run import Run, SetRun

MOST_LOST: Final = 0.005
MOST_UNDER_PARTS: Final = 0.005
MOST_LOST_MIXED: Final = 0.01
_ROUNDING: Final = 1e-4  # figures are kept to four digits


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule on one set."""

    name: str
    rule: str
    kept: bool
    found: str


def judge(run: Run, recorded: Run | None = None) -> list[Verdict]:
    """Return every rule on every set, in the order of the sets, the recorded run's last."""
    verdicts = [verdict for name, each in run.sets.items() for verdict in _rules(name, each)]
    return verdicts + (list(_against(recorded, run)) if recorded else [])


def broken(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the rules that were not kept."""
    return [verdict for verdict in verdicts if not verdict.kept]


def _rules(name: str, each: SetRun) -> Iterator[Verdict]:
    shipped = each.figures[SHIPPED][NDCG]
    parts = {part: each.figures[part][NDCG] for part in PARTS if part in each.figures}
    yield Verdict(
        name, "every document is indexed", not each.failed, f"{each.failed} of {each.documents} not"
    )
    if parts:
        best = max(parts, key=parts.__getitem__)
        yield Verdict(
            name,
            f"never more than {MOST_UNDER_PARTS} under its own best part",
            _within(parts[best], shipped, MOST_UNDER_PARTS),
            f"{shipped:.4f}, {best} {parts[best]:.4f}",
        )
    if MIXED in each.figures:
        mixed = each.figures[MIXED][NDCG]
        yield Verdict(
            name,
            f"loses at most {MOST_LOST_MIXED} among the other sets",
            _within(shipped, mixed, MOST_LOST_MIXED),
            f"{shipped:.4f}, mixed {mixed:.4f}",
        )


def _against(recorded: Run, run: Run) -> Iterator[Verdict]:
    rule = f"loses at most {MOST_LOST} against the recorded run"
    differences = {each.name: each for each in compare(recorded, run)}
    for name in dict.fromkeys([*recorded.sets, *run.sets]):
        difference = differences.get(name)
        if name not in run.sets:
            yield Verdict(name, rule, kept=False, found="it was not run")
        elif difference is None:
            yield Verdict(name, rule, kept=False, found="it is not recorded: record it")
        elif run.sets[name].documents != recorded.sets[name].documents:
            found = f"{recorded.sets[name].documents} documents became {run.sets[name].documents}"
            yield Verdict(name, rule, kept=False, found=found)
        else:
            yield Verdict(
                name,
                rule,
                kept=_within(difference.before, difference.after, MOST_LOST),
                found=f"{difference.before:.4f} → {difference.after:.4f}"
                f" ({difference.queries} queries)",
            )


def _within(wanted: float, figure: float, margin: float) -> bool:
    return figure >= wanted - margin - _ROUNDING
