"""One run of the evaluation: what it came to, and what it was made with. It can be kept."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import fmean
from typing import Final, Literal

from pydantic import BaseModel, ValidationError

from evals.retrieval.measures import NDCG, Scores
from evals.retrieval.problems import RunUnreadable

_FORMAT: Final = 1
_DIGITS: Final = 4
_MADE_WITH: Final = ("fumikura", "qdrant-edge-py", "sudachidict-core", "ir-measures")


class SetRun(BaseModel, frozen=True, extra="forbid"):
    """What one collection came to."""

    documents: int
    failed: int
    """Documents that could not be indexed."""
    queries: int
    figures: dict[str, dict[str, float]]
    """Means by contender and measure."""
    scores: dict[str, float]
    """nDCG@10 of the shipped search by query id, so that runs can be compared query by query."""


class Run(BaseModel, frozen=True, extra="forbid"):
    """All collections of a run. Of their content it holds the ids of queries, nothing else."""

    format: Literal[1] = _FORMAT
    command: str
    made: datetime
    versions: dict[str, str]
    sets: dict[str, SetRun]


def new_run(sets: Mapping[str, SetRun], *, command: str, model: str) -> Run:
    """Return a run made now with what is installed here."""
    found = {name: installed for name in _MADE_WITH if (installed := _version(name))}
    return Run(
        command=command,
        made=datetime.now(UTC).replace(microsecond=0),
        versions={"model": model, **found},
        sets=dict(sets),
    )


def means(scores: Scores) -> dict[str, float]:
    """Return the mean over the queries of each measure, as it is printed."""
    return {name: round(fmean(each.values()), _DIGITS) for name, each in scores.items()}


def kept(scores: Scores) -> dict[str, float]:
    """Return the nDCG@10 of each query, as it is kept."""
    return {query: round(value, _DIGITS) for query, value in scores[NDCG].items()}


def save_run(run: Run, file: Path) -> None:
    """Write a run where `load_run` finds it."""
    file.write_text(run.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_run(file: Path) -> Run:
    """Read a run that was kept.

    Raises:
        RunUnreadable: the file cannot be read, or holds something else.
    """
    try:
        return Run.model_validate_json(file.read_bytes())
    except OSError as error:
        raise RunUnreadable(str(file), reason=str(error.strerror)) from error
    except ValidationError as error:
        [fault, *_] = error.errors(include_url=False, include_input=False)
        place = ".".join(map(str, fault["loc"])) or "its content"
        raise RunUnreadable(str(file), reason=f"{place}: {fault['msg']}") from None


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
