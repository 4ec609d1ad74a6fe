"""What syncs and removals need of the index, whichever collection answers."""

from typing import Protocol

from connectors.ports import ProjectSource
from rag.models import IndexReport
from rag.ports import IndexRecords
from rag.progress import ReportIndexing


class Indexing(Protocol):
    """`rag.indexer.Indexer` is one, of one collection."""

    @property
    def records(self) -> IndexRecords:
        """What is known of the files."""
        ...

    async def index(
        self, source: ProjectSource, report: ReportIndexing | None = None
    ) -> IndexReport:
        """Bring the index of one project up to date; return what was done."""
        ...

    async def is_settled(self, project_id: str) -> bool:
        """Tell whether the index needs nothing until a file changes at the source."""
        ...

    async def forget(self, project_id: str) -> None:
        """Remove all that is kept of a project; again does no harm."""
        ...
