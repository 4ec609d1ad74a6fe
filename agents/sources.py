"""What may be asked about sources: the models on every surface, and the port that answers."""

from datetime import datetime
from typing import Final, Literal, Protocol

from pydantic import BaseModel, Field

from contracts.principal import Principal
from contracts.problems import ProblemBody
from rag.models import IndexReport, ProjectId, ProjectSummary

SourceKind = Literal["folder", "rdmfs", "rdm"]
JobStatus = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: Final[frozenset[JobStatus]] = frozenset({"done", "failed", "cancelled"})


class SourceRequest(BaseModel, frozen=True):
    """One source."""

    source_id: ProjectId = Field(description="Id of its project.")


class JobInfo(BaseModel, frozen=True):
    """One sync of a source, also while it runs."""

    job_id: str
    project_id: str = Field(description="The source.")
    status: JobStatus = Field(
        description="queued: waits for its turn, or to be taken up again; running; done: the index"
        " equals the source, but for `report.failures` and `report.stale`; failed: see `error`;"
        " cancelled: somebody stopped it, the next sync goes on from there."
    )
    report: IndexReport | None = Field(
        default=None,
        description="What was done so far; null also where the source has parts that you may not"
        " read.",
    )
    error: ProblemBody | None = Field(default=None, description="Why the job as a whole failed.")
    attempt: int = Field(description="How often it was begun; over 1 after a crash or a restart.")
    created_at: datetime
    finished_at: datetime | None = None
    cancel_requested: bool = Field(default=False, description="Somebody asked that it stop.")

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing will change any more."""
        return self.status in ENDED


class SourceInfo(BaseModel, frozen=True):
    """A place that files come from, and when the index is next brought up to it."""

    source_id: str = Field(description="Id of its project; of an RDM tree, of the top one.")
    title: str
    kind: SourceKind
    location: str = Field(description="`rdm:abc12`, `osf:abc12`, or a folder of the service.")
    link: str | None = Field(default=None, description="Its page, for people.")
    sync_every_s: float | None = Field(default=None, description="Null: only when asked to.")
    next_sync_at: datetime | None = None
    gone: bool = Field(default=False, description="It was deleted or closed where it comes from.")


class SourceStatus(BaseModel, frozen=True):
    """How far the index is behind its source, as far as the last sync knows."""

    source: SourceInfo
    projects: list[ProjectSummary] = Field(
        description="The source's project and its components, those that you may read."
    )
    last_job: JobInfo | None = Field(default=None, description="The latest sync; null before it.")
    requests_today: int | None = Field(
        default=None, description="Requests sent to RDM today with the source's token."
    )


class SourceKeeper(Protocol):
    """Keeps sources in step, for callers that may read them.

    Raises `NotAllowed` without the scope `index`, and `ProjectUnknown` for a source that is not
    there or not the caller's to read (no difference is shown).
    """

    async def sync(self, principal: Principal, source_id: str) -> JobInfo:
        """Queue a sync; one that waits already is given back instead."""
        ...

    async def status(self, principal: Principal, source_id: str) -> SourceStatus: ...
