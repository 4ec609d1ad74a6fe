"""What has been indexed, file by file: implements `rag.ports.IndexRecords`."""

from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import delete, func, select

from rag.ports import FileRecord, IndexTotals
from service.records.database import Database
from service.records.models import IndexedFileRow


@dataclass(frozen=True, slots=True)
class DatabaseIndexRecords:
    """One row a file, durable when a call returns."""

    database: Database

    async def load(self, project_id: str) -> dict[str, FileRecord]:
        async with self.database.read() as session:
            rows = await session.scalars(
                select(IndexedFileRow)
                .where(IndexedFileRow.project_id == project_id)
                .order_by(IndexedFileRow.path)
            )
            return {row.file_id: _record(row) for row in rows}

    async def totals(self, project_id: str) -> IndexTotals:
        counted = select(
            func.count(),
            func.coalesce(func.sum(IndexedFileRow.passages), 0),
            func.count().filter(IndexedFileRow.status == "failed"),
        ).where(IndexedFileRow.project_id == project_id)
        async with self.database.read() as session:
            files, passages, failed = (await session.execute(counted)).one()
        return IndexTotals(files=files, passages=passages, failed=failed)

    async def save(self, project_id: str, record: FileRecord) -> None:
        async with self.database.write() as session:
            await session.merge(_row(project_id, record))

    async def drop(self, project_id: str, file_id: str) -> None:
        async with self.database.write() as session:
            await session.execute(
                delete(IndexedFileRow).where(
                    IndexedFileRow.project_id == project_id, IndexedFileRow.file_id == file_id
                )
            )


def _row(project_id: str, record: FileRecord) -> IndexedFileRow:
    return IndexedFileRow(
        project_id=project_id,
        file_id=record.file_id,
        path=record.path,
        version=record.version,
        fingerprint=record.fingerprint,
        status=record.status,
        passages=record.passages,
        indexed_at=record.indexed_at,
        failure_code=record.failure_code,
        failure_message=record.failure_message,
    )


def _record(row: IndexedFileRow) -> FileRecord:
    return FileRecord(
        file_id=row.file_id,
        path=row.path,
        version=row.version,
        fingerprint=row.fingerprint,
        status=cast("Literal['indexed', 'failed']", row.status),
        passages=row.passages,
        indexed_at=row.indexed_at,
        failure_code=row.failure_code,
        failure_message=row.failure_message,
    )
