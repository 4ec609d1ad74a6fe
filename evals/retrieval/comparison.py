"""How two runs differ, query by query, and whether chance would explain it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np

from evals.retrieval.run import Run, SetRun

_FLIPS: Final = 9_999
_AT_ONCE: Final = 500
_SEED: Final = 20
_EQUAL: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Difference:
    """The nDCG@10 of the shipped search on the queries that both runs of a set asked."""

    name: str
    queries: int
    before: float
    after: float
    changes: Mapping[str, float]
    """What each query gained, of those that gained or lost."""
    p: float
    """How often chance alone makes as much of a difference."""
    p_holm: float
    """The same, corrected for there being several sets."""

    @property
    def gained(self) -> float:
        """Return what the mean gained; below 0 it lost."""
        return self.after - self.before

    @property
    def better(self) -> int:
        """Count the queries that gained."""
        return sum(change > 0 for change in self.changes.values())

    @property
    def worse(self) -> int:
        """Count the queries that lost."""
        return len(self.changes) - self.better


def compare(before: Run, after: Run) -> list[Difference]:
    """Return the difference of each set that both runs have queries of in common."""
    pairs = {
        name: _paired(before.sets[name], each)
        for name, each in after.sets.items()
        if name in before.sets and before.sets[name].scores.keys() & each.scores.keys()
    }
    chances = [
        randomisation_p([new - old for old, new in pair.values()]) for pair in pairs.values()
    ]
    return [
        Difference(
            name=name,
            queries=len(pair),
            before=fmean(old for old, _ in pair.values()),
            after=fmean(new for _, new in pair.values()),
            changes={q: new - old for q, (old, new) in pair.items() if abs(new - old) > _EQUAL},
            p=p,
            p_holm=p_holm,
        )
        for (name, pair), p, p_holm in zip(pairs.items(), chances, holm(chances), strict=True)
    ]


def randomisation_p(differences: Sequence[float]) -> float:
    """Return how often a mean at least as far from 0 comes of differences with random signs.

    Two-sided, from 9,999 drawings, the same each time; without any difference it is 1. Source:
    Smucker, Allan & Carterette 2007, "A Comparison of Statistical Significance Tests for
    Information Retrieval Evaluation".
    """
    values = np.array([each for each in differences if abs(each) > _EQUAL])
    if not len(values):
        return 1.0
    observed = abs(values.sum()) - _EQUAL
    drawn = np.random.default_rng(_SEED)
    as_far = 0
    for start in range(0, _FLIPS, _AT_ONCE):
        rows = min(_AT_ONCE, _FLIPS - start)
        signs = drawn.choice((-1.0, 1.0), size=(rows, len(values)))
        as_far += int((np.abs(signs @ values) >= observed).sum())
    return (1 + as_far) / (1 + _FLIPS)


def holm(chances: Sequence[float]) -> list[float]:
    """Correct the chances of several tests, in order, so that all of them err together that seldom.

    Source: Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".
    """
    corrected = [0.0] * len(chances)
    highest = 0.0
    for place, test in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        highest = max(highest, min(1.0, (len(chances) - place) * chances[test]))
        corrected[test] = highest
    return corrected


def _paired(before: SetRun, after: SetRun) -> dict[str, tuple[float, float]]:
    return {
        query: (before.scores[query], score)
        for query, score in after.scores.items()
        if query in before.scores
    }
