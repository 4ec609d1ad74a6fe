"""An indexer and all that it works with, in sight."""

from dataclasses import dataclass, field
from pathlib import Path

from connectors.ports import ProjectSource
from rag.access import whole_project
from rag.indexer import Indexer
from rag.models import IndexReport
from rag.ports import FileRecord
from rag.store.edge import EdgeStore
from tests.rag.indexing import (
    Countdown,
    FlakyEmbedder,
    PlainTextParser,
    Stopped,
    write_project,
)
from tests.rag.shelves import MemoryRecords


@dataclass(kw_only=True)
class IndexingDesk:
    """An indexer and all that it works with, in sight."""

    root: Path
    store: EdgeStore
    embedder: FlakyEmbedder
    parser: PlainTextParser
    records: MemoryRecords
    countdown: Countdown = field(default_factory=Countdown)

    async def is_stopped(self, texts: dict[str, str], *, after: int) -> bool:
        """Index until that many writes are done; tell whether there would have been more."""
        self.countdown.left = after
        try:
            await self.index(texts)
        except Stopped:
            return True
        finally:
            self.countdown.left = float("inf")
        return False

    async def index(self, texts: dict[str, str], *, retry_failed: bool = False) -> IndexReport:
        source = write_project(self.root, texts)
        return await self.indexer.index(source, retry_failed=retry_failed)

    @property
    def indexer(self) -> Indexer:
        return Indexer(
            store=self.store, embedder=self.embedder, parser=self.parser, records=self.records
        )

    async def sync(self, source: ProjectSource) -> IndexReport:
        """Index a source of any kind."""
        return await self.indexer.index(source)

    async def texts(self) -> dict[str, list[str]]:
        """Return the stored passages of each file by path."""
        held: dict[str, list[str]] = {}
        for file_id in await self.records.load("alloy"):
            for point in await self.store.file_points(
                "alloy", file_id, access=whole_project("alloy")
            ):
                held.setdefault(point.payload["path"], []).append(point.payload["text"])
        return held

    async def record(self, path: str) -> FileRecord:
        [record] = [each for each in self.records.kept["alloy"].values() if each.path == path]
        return record
