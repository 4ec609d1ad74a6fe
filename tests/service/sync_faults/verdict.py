"""Whether a sync that met a fault did right: from what was there, what is there, what it said."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from agents.sources import JobInfo
from tests.service.sync_faults.project import SOURCE_ID

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Shelves:
    """Payloads of passages by id, by the path of their file, which begins with the project's id."""

    passages: Mapping[str, Mapping[str, Any]]
    public: frozenset[str]
    """Projects that everybody may read."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a sync ends: the code of its error, or the codes of what is missing, by path."""

    error: str | None = None
    stale: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    failed: Mapping[str, str] = field(default_factory=lambda: _NOTHING)


WELL: Final = Ending()


def ending_of(job: JobInfo) -> Ending:
    if job.error is not None:
        assert job.status == "failed"
        return Ending(job.error.code)
    assert job.status == "done"
    assert job.report is not None
    return Ending(
        stale={part.path: part.code for part in job.report.stale},
        failed={failure.path: failure.code for failure in job.report.failures},
    )


def reasons_of(job: JobInfo) -> list[str]:
    """Return all that the job says of why something is missing."""
    if job.error is not None:
        return [job.error.message]
    assert job.report is not None
    failures = [failure.message for failure in job.report.failures]
    return [part.message for part in job.report.stale] + failures


def told_by(job: JobInfo) -> Sequence[str]:
    """Return beginnings of paths of what the job says is missing; a failed one says all of it."""
    if job.error is not None:
        return [""]
    ending = ending_of(job)
    return [_with_project(path) for path in (*ending.stale, *ending.failed)]


def lost(before: Shelves, after: Shelves, fresh: Shelves) -> set[str]:
    """Return the files that RDM still has, and of which no passage is left."""
    return (before.passages.keys() & fresh.passages.keys()) - after.passages.keys()


def invented(before: Shelves, after: Shelves, fresh: Shelves) -> set[str]:
    """Return the files whose passages are neither as they were nor as they should be."""
    return {
        path
        for path, passages in after.passages.items()
        if passages not in (before.passages.get(path), fresh.passages.get(path))
    }


def untold(after: Shelves, fresh: Shelves, told: Collection[str]) -> set[str]:
    """Return the files that are not as they should be, of which nothing is said."""
    return {
        path
        for path in after.passages.keys() | fresh.passages.keys()
        if after.passages.get(path) != fresh.passages.get(path) and not path.startswith(tuple(told))
    }


def widened(before: Shelves, after: Shelves, fresh: Shelves) -> frozenset[str]:
    """Return the projects that are taken to be everybody's, and never were."""
    return after.public - before.public - fresh.public


def _with_project(path: str) -> str:
    """Paths in the source's own project are without its id; `/` is all of it."""
    return path if path.startswith("rdm-") else f"{SOURCE_ID}/{path.removeprefix('/')}"
