"""What must happen for one collection to hold, by its own model, what another one holds."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from pydantic import BaseModel, Field

from rag.ports import FileRecord
from rag.sync import INTERRUPTED

_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
SMOKE_SHARE: Final = 0.9
"""Of the passages that are asked for by their own text, so many must be among the first found."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What the records of either side name for what a sync of today would make."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ReembeddingPlan:
    """File ids of one project: whose passages to embed anew, and which to remove."""

    copy: frozenset[str]
    drop: frozenset[str]


class ReembeddingProgress(BaseModel, frozen=True):
    """How far the new collection is behind the old one."""

    files: int = Field(default=0, description="Files that are as they should be.")
    files_total: int = 0
    passages: int = Field(default=0, description="Passages of those files.")
    passages_total: int = 0
    eta_s: float | None = Field(default=None, description="Seconds left at the pace so far.")


class ProjectCount(BaseModel, frozen=True):
    """How many passages of a project there are: by the records, and in either store."""

    project_id: str
    recorded: int
    source: int
    target: int

    @property
    def agrees(self) -> bool:
        """Tell whether nothing is missing and nothing too much."""
        return self.recorded == self.target == self.source


class Verification(BaseModel, frozen=True):
    """What was counted and tried before the new collection may answer."""

    at: datetime
    projects: int
    passages: int = Field(description="In the new collection.")
    differing: list[ProjectCount] = Field(description="Projects whose numbers differ.")
    asked: int = Field(description="Passages that were asked for by their own text.")
    found: int = Field(description="Those of them that were among the first ten.")

    @property
    def is_passed(self) -> bool:
        """Tell whether the collection may answer."""
        return not self.differing and self.found >= SMOKE_SHARE * self.asked


def plan_reembedding(
    source: Mapping[str, FileRecord],
    target: Mapping[str, FileRecord],
    fingerprints: Fingerprints,
) -> ReembeddingPlan:
    """Compare the records of a project by file id. Once carried out, the next plan is empty.

    A file is left alone while its record in `target` is the one that `mirrored` makes of that in
    `source`; a sync writes no record twice with the same time, so nothing that it did is missed.
    """
    stale = {
        file_id
        for file_id, record in source.items()
        if target.get(file_id) != mirrored(record, fingerprints)
    }
    return ReembeddingPlan(copy=frozenset(stale), drop=frozenset(target.keys() - source.keys()))


def mirrored(record: FileRecord, fingerprints: Fingerprints) -> FileRecord:
    """Return the record of a file whose passages were embedded anew.

    One that was made as a sync of today would make it counts as such on the other side too; any
    other one keeps a fingerprint that fits neither, and the next sync reads its file again.
    """
    if record.fingerprint != fingerprints.source:
        return record
    return replace(record, fingerprint=fingerprints.target)


def marked(record: FileRecord) -> FileRecord:
    """Return the record for while a file's passages are being written: no mirrored one equals it.

    Should a switch ever come upon it, the next sync reads the file again.
    """
    return replace(
        record,
        fingerprint="",
        status="failed",
        passages=0,
        indexed_at=_NEVER,
        failure_code=INTERRUPTED,
        failure_message="Embedding anew was stopped while it was at this file; it goes on there.",
    )


def is_certain(record: FileRecord) -> bool:
    """Tell whether a store holds as many passages of a file as its record says."""
    return record.failure_code != INTERRUPTED
