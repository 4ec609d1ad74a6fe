"""The report of a source that has several projects, as it grows."""

from contracts.problems import Problem
from rag.models import IndexReport, StalePart
from rag.ports import IndexTotals
from rag.progress import ReportIndexing
from service.sources.sync_plan import add_up


class TreeReport:
    """Adds up the reports of projects that are synced one after the other."""

    def __init__(self, source_id: str, listener: ReportIndexing) -> None:
        self._listener = listener
        self._finished = IndexReport(project_id=source_id, stage="listing")
        self._current = self._finished
        self._is_last = False

    async def begin(self, project_id: str, *, is_last: bool) -> None:
        """Go on with the next project."""
        self._finished = self._added_up()
        self._is_last = is_last
        await self.show(
            IndexReport(project_id=project_id, stage="listing", current_project=project_id)
        )

    async def show(self, report: IndexReport) -> None:
        """Tell how far the present project is; a `rag.progress.ReportIndexing`."""
        self._current = report
        await self._listener(self._added_up())

    async def unchanged(self, totals: IndexTotals) -> None:
        """Tell that nothing was to be done for the present project."""
        counts = {"seen": totals.files, "unchanged": totals.files}
        await self.show(self._current.model_copy(update=counts))

    async def away(self, problem: Problem) -> None:
        """Tell that the present project cannot be had now and keeps its last state."""
        part = StalePart(path="/", code=problem.code, message=problem.message)
        await self.show(self._current.model_copy(update={"stale": [*self._current.stale, part]}))

    async def end(self) -> None:
        """Tell that all is done."""
        done = {"stage": "done", "current": None, "current_project": None, "eta_s": None}
        await self._listener(self._added_up().model_copy(update=done))

    def _added_up(self) -> IndexReport:
        return add_up(self._finished, self._current, is_last=self._is_last)
