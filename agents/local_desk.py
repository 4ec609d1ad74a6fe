"""The desk in this process: search and answers from the library, agents by their graphs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from agents.desk import Asked, ReportProgress
from agents.ports import AgentPorts
from agents.registry import find_agent
from agents.runner import run_agent
from agents.sources import JobInfo, SourceKeeper, SourceRequest, SourceStatus
from contracts.principal import Principal
from contracts.problems import InvalidRequest, NotAllowed
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDesk:
    """Implements `agents.desk.Desk`. What a caller may read is decided by `rag.access`."""

    library: Asked
    ports: AgentPorts
    sources: SourceKeeper

    async def list_projects(self, principal: Principal) -> ProjectList:
        return await self.library.list_projects(principal)

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:
        return await self.library.search(principal, request)

    async def read(self, principal: Principal, request: ReadRequest) -> Reading:
        return await self.library.read(principal, request)

    async def ask(self, principal: Principal, request: AskRequest) -> Answer:
        return await self.library.ask(principal, request)

    def stream_answer(
        self, principal: Principal, request: AskRequest
    ) -> AsyncIterator[AnswerEvent]:
        return self.library.stream_answer(principal, request)

    async def run_agent(
        self,
        principal: Principal,
        name: str,
        request: BaseModel,
        report: ReportProgress | None = None,
    ) -> BaseModel:
        """Run the agent for a caller whose key has the agent's scope.

        Raises:
            NotAllowed: the key lacks the scope; told before the agent is looked at.
            AgentUnknown: no agent has this name.
            InvalidRequest: the request does not fit the agent's model.
        """
        if not principal.scopes & {"agents"}:
            raise NotAllowed("agents")
        definition = find_agent(name)
        if definition.scope not in principal.scopes:
            raise NotAllowed(definition.scope)
        try:
            fitting = definition.request.model_validate(request, from_attributes=True)
        except ValidationError as error:
            raise InvalidRequest(_first_fault(error)) from error
        return await run_agent(definition, fitting, ports=self.ports, report=report)

    async def sync_source(self, principal: Principal, request: SourceRequest) -> JobInfo:
        return await self.sources.sync(principal, request.source_id)

    async def source_status(self, principal: Principal, request: SourceRequest) -> SourceStatus:
        return await self.sources.status(principal, request.source_id)


def _first_fault(error: ValidationError) -> str:
    """Name the first field at fault; the value itself stays out of it."""
    fault = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"]) or "request"
    return f"{place}: {fault['msg']}"
