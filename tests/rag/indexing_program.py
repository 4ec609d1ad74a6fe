"""A program that indexes a folder and says so before each step; it is started to be killed."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.folder import FolderSource
from inference.fake import HashEmbedder
from rag.indexer import Indexer
from rag.models import IndexReport
from rag.parsing.isolated import IsolatedParser
from rag.ports import FileRecord
from rag.progress import ReportIndexing
from rag.reading import FileReader
from rag.store.edge import EdgeStore
from rag.store.port import Point
from service.records.database import open_database
from service.records.files import DatabaseIndexRecords
from service.records.projects import ProjectRecord
from service.records.sources import SourceRecords


def _say(step: str) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


class _TalkingStore(EdgeStore):
    async def upsert(self, points: Sequence[Point]) -> None:
        _say("upsert")
        await super().upsert(points)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        _say("delete file")
        await super().delete_file(project_id, file_id, except_version=except_version)

    async def flush(self) -> None:
        _say("flush")
        await super().flush()


@dataclass(frozen=True, slots=True)
class _TalkingRecords(DatabaseIndexRecords):
    async def save(self, project_id: str, *records: FileRecord) -> None:
        _say("save record")
        await DatabaseIndexRecords.save(self, project_id, *records)

    async def drop(self, project_id: str, *file_ids: str) -> None:
        _say("drop record")
        await DatabaseIndexRecords.drop(self, project_id, *file_ids)


async def index(
    project: Path,
    home: Path,
    reader: FileReader | None = None,
    report: ReportIndexing | None = None,
) -> IndexReport:
    """Index `project` into the store and the records inside `home`."""
    embedder = HashEmbedder()
    store = await _TalkingStore.open(
        home / "store", model=embedder.model, dimensions=embedder.dimensions
    )
    async with (
        open_database(f"sqlite:///{home / 'records.db'}") as database,
        IsolatedParser() as parser,
    ):
        await SourceRecords(database).add(
            ProjectRecord(
                project_id="alloy",
                title="Alloy",
                location=str(project),
                created_by="test",
                created_at=datetime.now(UTC),
            )
        )
        records = _TalkingRecords(database, "docs")
        indexer = Indexer(
            store=store, embedder=embedder, parser=parser, records=records, reader=reader
        )
        source = FolderSource(project_id="alloy", title="Alloy", root=project)
        ended = await indexer.index(source, report)
    await store.close()
    return ended


if __name__ == "__main__":
    asyncio.run(index(Path(sys.argv[1]), Path(sys.argv[2])))
