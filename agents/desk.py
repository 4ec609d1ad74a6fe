"""The desk: everything a caller may ask for, wherever the service runs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from agents.sources import JobInfo, SourceRequest, SourceStatus
from contracts.principal import Principal
from rag.models import (
    Answer,
    AnswerEvent,
    AskRequest,
    ProjectList,
    Reading,
    ReadRequest,
    SearchAnswer,
    SearchRequest,
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long task is; `total` is None while unknown."""

    message: str
    done: float
    total: float | None


ReportProgress = Callable[[Progress], Awaitable[None]]


class Asked(Protocol):
    """What is asked about the indexed projects; `rag.library.Library` says what comes back."""

    async def list_projects(self, principal: Principal) -> ProjectList: ...

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer: ...

    async def read(self, principal: Principal, request: ReadRequest) -> Reading: ...

    async def ask(self, principal: Principal, request: AskRequest) -> Answer: ...

    def stream_answer(
        self, principal: Principal, request: AskRequest
    ) -> AsyncIterator[AnswerEvent]: ...


class Desk(Asked, Protocol):
    """REST, MCP and the command line all call this; it checks scopes and access itself.

    Two implementations: `agents.local_desk.LocalDesk` in this process, and
    `service.remote_desk.RemoteDesk`, which speaks REST to a running service.

    Every method raises `Problem`s only: `NotAllowed` without the scope, `ProjectUnknown` for a
    project that is not there or not readable (no difference is shown).
    """

    async def run_agent(
        self,
        principal: Principal,
        name: str,
        request: BaseModel,
        report: ReportProgress | None = None,
    ) -> BaseModel:
        """Run the agent `name` on a request of its request model; its answer model comes back."""
        ...

    async def sync_source(self, principal: Principal, request: SourceRequest) -> JobInfo:
        """Queue a sync of a source and return its job; one that waits already comes back."""
        ...

    async def source_status(self, principal: Principal, request: SourceRequest) -> SourceStatus: ...
