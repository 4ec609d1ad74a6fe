"""The report of an indexing run as it grows."""

from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any, Final

from connectors.ports import UnlistedPart
from contracts.problems import Problem
from rag.models import FileFailure, IndexReport, StalePart
from rag.ports import FileRecord

_MOST_TOLD: Final = 100  # a report is told after every file: a list in it must not grow with them

ReportIndexing = Callable[[IndexReport], Awaitable[None]]


def remaining_s(*, done: int, todo: int, elapsed_s: float) -> float | None:
    """Return the seconds that the rest takes at the pace so far; None before there is a pace."""
    if done == 0:
        return None
    return max(todo - done, 0) * elapsed_s / done


class Progress:
    """Tells a listener of every step of a run over one project."""

    def __init__(self, project_id: str, listener: ReportIndexing | None) -> None:
        self.report = IndexReport(
            project_id=project_id, stage="listing", current_project=project_id
        )
        self._listener = listener
        self._reading_since = 0.0

    async def start(self, *, seen: int, todo: int, moves: int) -> None:
        """Tell how much there is to do, now that the files are listed."""
        self._reading_since = monotonic()
        await self.tell(stage="indexing", seen=seen, todo=todo, unchanged=seen - todo - moves)

    async def unlisted(self, parts: Sequence[UnlistedPart]) -> None:
        """Tell which parts of the project keep their last state."""
        for part in parts[:_MOST_TOLD]:
            await self.tell(stale=self._with_stale(part.prefix, part.problem))

    async def moved(self, files: int) -> None:
        """Tell that files were labelled anew."""
        await self.tell(moved=self.report.moved + files)

    async def removed(self, files: int) -> None:
        """Tell that files left the index."""
        await self.tell(removed=self.report.removed + files)

    async def file_done(self, record: FileRecord) -> None:
        """Tell that a file is indexed, or has failed."""
        failures, failed = self.report.failures, self.report.failed
        if record.status == "failed":
            code, message = record.failure_code or "", record.failure_message or ""
            failed += 1
            failures = [*failures, FileFailure(path=record.path, code=code, message=message)]
        await self._read(
            passages=self.report.passages + record.passages,
            failed=failed,
            failures=failures[:_MOST_TOLD],
        )

    async def file_kept(self, path: str, problem: Problem) -> None:
        """Tell that a file could not be had and keeps its last state."""
        await self._read(stale=self._with_stale(path, problem))

    async def finished(self) -> IndexReport:
        """Tell that the run is over, and return its report."""
        await self.tell(stage="done", current=None, current_project=None, eta_s=None)
        return self.report

    async def tell(self, **news: Any) -> None:  # noqa: ANN401 - fields of IndexReport
        """Change fields of the report and pass it on."""
        self.report = self.report.model_copy(update=news)
        if self._listener is not None:
            await self._listener(self.report)

    async def _read(self, **news: Any) -> None:  # noqa: ANN401 - fields of IndexReport
        done = self.report.done + 1
        elapsed_s = monotonic() - self._reading_since
        eta_s = remaining_s(done=done, todo=self.report.todo, elapsed_s=elapsed_s)
        await self.tell(done=done, eta_s=eta_s, **news)

    def _with_stale(self, path: str, problem: Problem) -> list[StalePart]:
        part = StalePart(path=path, code=problem.code, message=problem.message)
        return [*self.report.stale, part][:_MOST_TOLD]
