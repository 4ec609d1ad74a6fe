"""The state of the move to another embedding model, as it is kept and shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, Field

from contracts.problems import ProblemBody
from rag.reembedding import ReembeddingProgress, Verification

Stage = Literal["idle", "checking", "building", "ready", "catching_up", "switching", "dropping"]
AT_WORK: Final[frozenset[Stage]] = frozenset(
    {"checking", "building", "catching_up", "switching", "dropping"}
)
PASSING: Final = frozenset({"unavailable", "limited"})
"""Kinds of problems that may pass by themselves: the work is tried again."""

Role = Literal["next", "former"]


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of passages, and the model that they were embedded by."""

    name: str
    model: str


class ReembeddingState(BaseModel, frozen=True):
    """Which model answers, and how far the move to another one is."""

    active: Collection = Field(description="What answers every search.")
    other: Collection | None = Field(
        default=None, description="What is filled aside, or what answered before."
    )
    other_is: Role | None = Field(
        default=None, description="next: it can be switched to; former: it can be rolled back to."
    )
    stage: Stage = Field(
        default="idle",
        description="idle: there is no other collection; checking: whether the next model can read"
        " every passage; building: its collection is filled; ready: filled, and waits for a switch,"
        " rollback or drop; catching_up: on the way to a switch, while syncs go on; switching:"
        " syncs wait for it; dropping: the other collection is removed.",
    )
    progress: ReembeddingProgress | None = None
    verification: Verification | None = Field(
        default=None, description="What was counted and tried last."
    )
    error: ProblemBody | None = Field(
        default=None, description="What stopped it; one that may pass by itself is tried again."
    )
    switched_at: datetime | None = Field(
        default=None, description="When another model began to answer last."
    )
    at_work: bool = Field(default=False, description="Some process works on it now.")

    @property
    def rests(self) -> bool:
        """Tell whether nothing will change until somebody asks for it."""
        stopped = self.error is not None and self.error.kind not in PASSING
        return stopped or self.stage not in AT_WORK
