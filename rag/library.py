"""The library: everything that can be asked about the indexed projects."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from contracts.principal import Principal
from rag.access import access_filter, readable_projects, still_allowed
from rag.answer import Answerer
from rag.models import (
    Answer,
    AnswerEvent,
    AskRequest,
    ProjectList,
    ProjectSummary,
    Reading,
    ReadRequest,
    SearchAnswer,
    SearchRequest,
)
from rag.passages import StoredPassage, stored_passage
from rag.ports import IndexRecords, KnownProject, ProjectAccess
from rag.problems import PassageUnknown
from rag.search import Search
from rag.store.port import AccessFilter, VectorStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Every method needs the scope `read` and sees only what the caller may read now."""

    searcher: Search
    answerer: Answerer
    store: VectorStore
    records: IndexRecords
    access: ProjectAccess

    async def list_projects(self, principal: Principal) -> ProjectList:
        """Return the readable projects by title, with the state of their indexes."""
        known = await readable_projects(principal, self.access)
        summaries = [await summary_of(project, self.records) for project in known]
        return ProjectList(
            projects=sorted(summaries, key=lambda summary: (summary.title, summary.project_id))
        )

    async def search(self, principal: Principal, request: SearchRequest) -> SearchAnswer:
        """Find passages; see `Search.search`."""
        return await self.searcher.search(principal, request)

    async def read(self, principal: Principal, request: ReadRequest) -> Reading:
        """Return a passage and its neighbours in the same version of its document.

        Raises:
            PassageUnknown: not there, not readable, or its file has changed since.
        """
        allowed = await access_filter(principal, None, self.access)
        here = (await self._passages([_as_uuid(request.passage_id)], allowed))[:1]
        if not here:
            raise PassageUnknown(request.passage_id)
        around = here[0].neighbours(before=request.before, after=request.after)
        passages = sorted(await self._passages(around, allowed), key=lambda each: each.ordinal)
        if not await still_allowed(principal, {here[0].project_id}, self.access):
            raise PassageUnknown(request.passage_id)
        return Reading(
            project_id=here[0].project_id,
            file_id=here[0].file_id,
            path=here[0].path,
            version=here[0].version,
            title=here[0].title or here[0].name,
            passages=[passage.as_passage() for passage in passages],
            total_passages=here[0].total,
        )

    async def ask(self, principal: Principal, request: AskRequest) -> Answer:
        """Answer a question with citations; see `Answerer.ask`."""
        return await self.answerer.ask(principal, request)

    def stream_answer(
        self, principal: Principal, request: AskRequest
    ) -> AsyncIterator[AnswerEvent]:
        """Answer piece by piece; see `Answerer.stream`."""
        return self.answerer.stream(principal, request)

    async def _passages(self, ids: list[str], allowed: AccessFilter) -> list[StoredPassage]:
        points = await self.store.fetch(ids, access=allowed)
        return [stored_passage(point.payload) for point in points]


async def summary_of(project: KnownProject, records: IndexRecords) -> ProjectSummary:
    """Return a project with the state of its index."""
    totals = await records.totals(project.project_id)
    return ProjectSummary(
        project_id=project.project_id,
        title=project.title,
        files=totals.files,
        passages=totals.passages,
        failed=totals.failed,
        indexed_at=project.indexed_at.isoformat() if project.indexed_at else None,
    )


def _as_uuid(passage_id: str) -> str:
    """Return the id in the one form that stores know; what is no id is no passage."""
    try:
        return str(UUID(passage_id))
    except ValueError as error:
        raise PassageUnknown(passage_id) from error
