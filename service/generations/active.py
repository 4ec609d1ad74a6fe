"""What answers and what syncs write to: of the generation that is active when they begin."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from connectors.ports import ProjectSource
from contracts.principal import Principal
from rag.models import (
    Answer,
    AnswerEvent,
    AskRequest,
    IndexReport,
    ProjectList,
    Reading,
    ReadRequest,
    SearchAnswer,
    SearchRequest,
)
from rag.ports import IndexRecords
from rag.progress import ReportIndexing
from service.generations.opened import Generations


@dataclass(frozen=True, slots=True)
class ActiveLibrary:
    """Implements `agents.local_desk.Asked`: a request stays with one generation to its end."""

    generations: Generations

    async def list_projects(self, principal: Principal) -> ProjectList:
        return await self.generations.active.library.list_projects(principal)

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:
        return await self.generations.active.library.search(principal, request)

    async def read(self, principal: Principal, request: ReadRequest) -> Reading:
        return await self.generations.active.library.read(principal, request)

    async def ask(self, principal: Principal, request: AskRequest) -> Answer:
        return await self.generations.active.library.ask(principal, request)

    def stream_answer(
        self, principal: Principal, request: AskRequest
    ) -> AsyncIterator[AnswerEvent]:
        return self.generations.active.library.stream_answer(principal, request)


@dataclass(frozen=True, slots=True)
class ActiveIndexer:
    """Implements `service.sources.indexing.Indexing`.

    The records are asked which generation is active: another process may have switched. While a
    sync runs, none can (`GenerationRecords.flip`).
    """

    generations: Generations

    @property
    def records(self) -> IndexRecords:
        return self.generations.active.records

    async def index(
        self, source: ProjectSource, report: ReportIndexing | None = None
    ) -> IndexReport:
        return await (await self.generations.refresh()).indexer.index(source, report)

    async def is_settled(self, project_id: str) -> bool:
        return await (await self.generations.refresh()).indexer.is_settled(project_id)

    async def forget(self, project_id: str) -> None:
        """Remove a project from every generation that is kept."""
        for each in await self.generations.kept():
            await each.indexer.forget(project_id)
