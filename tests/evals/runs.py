"""Runs made up for what is told about them."""

from datetime import UTC, datetime
from statistics import fmean

from evals.retrieval.bench import SHIPPED
from evals.retrieval.measures import MEASURES
from evals.retrieval.run import Run, SetRun


def a_set(scores: list[float], *, documents: int = 10, failed: int = 0, **others: float) -> SetRun:
    """Return a set whose queries scored so; `others` are the means of other contenders."""
    figures = {SHIPPED: fmean(scores), **others}
    return SetRun(
        documents=documents,
        failed=failed,
        queries=len(scores),
        figures={name: dict.fromkeys(MEASURES, value) for name, value in figures.items()},
        scores={f"q{number}": score for number, score in enumerate(scores)},
    )


def a_run(**sets: SetRun | list[float]) -> Run:
    """Return a run of these sets; of a list, the scores of its queries."""
    return Run(
        command="fumikura eval retrieval",
        made=datetime(2026, 1, 1, tzinfo=UTC),
        versions={},
        sets={name: a_set(each) if isinstance(each, list) else each for name, each in sets.items()},
    )
