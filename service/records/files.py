"""What has been indexed, file by file: implements `rag.ports.IndexRecords`."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, Literal, TypeVar, cast

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, and_, delete, func, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from rag.ports import FileRecord, IndexTotals
from rag.problems import ProjectUnknown
from service.records.database import Database
from service.records.models import IndexedFileRow

T = TypeVar("T")

_MOST_NAMED: Final = 1_000
_FACTS: Final = tuple(field.name for field in fields(FileRecord))


class IndexedFile(BaseModel, frozen=True):
    """A file as the index has it."""

    file_id: str
    path: str
    status: Literal["indexed", "failed"]
    passages: int
    version: str = Field(description="Version of the file that was read.")
    indexed_at: datetime
    failure_code: str | None = Field(description="Why it failed; null if it did not.")
    failure_message: str | None


class FilePage(BaseModel, frozen=True):
    """Some of a project's files, by path."""

    files: list[IndexedFile]
    next_cursor: str | None = Field(description="Ask with it for the next page; null at the end.")


@dataclass(frozen=True, slots=True)
class DatabaseIndexRecords:
    """One row a file of one collection, durable when a call returns."""

    database: Database
    collection: str

    async def load(self, project_id: str) -> dict[str, FileRecord]:
        async with self.database.read() as session:
            rows = await session.scalars(
                select(IndexedFileRow).where(self._in(project_id)).order_by(IndexedFileRow.path)
            )
            return {row.file_id: _record(row) for row in rows}

    async def find(self, project_id: str, file_ids: Sequence[str]) -> dict[str, FileRecord]:
        """Return the records of these files, of those that have one."""
        found: dict[str, FileRecord] = {}
        async with self.database.read() as session:
            for some in _in_statements(file_ids):
                rows = await session.scalars(
                    select(IndexedFileRow).where(self._of(project_id, some))
                )
                found |= {row.file_id: _record(row) for row in rows}
        return found

    async def page(self, project_id: str, *, limit: int, cursor: str | None) -> FilePage:
        """Return up to `limit` files after those that `cursor` stands for.

        Files that come and go between two pages move no other file across.

        Raises:
            ValueError: `cursor` is none of ours.
        """
        place = (IndexedFileRow.path, IndexedFileRow.file_id)
        wanted = select(IndexedFileRow).where(self._in(project_id))
        if cursor is not None:
            wanted = wanted.where(tuple_(*place) > _place(cursor))
        async with self.database.read() as session:
            rows = (await session.scalars(wanted.order_by(*place).limit(limit + 1))).all()
        return FilePage(
            files=[IndexedFile.model_validate(row, from_attributes=True) for row in rows[:limit]],
            next_cursor=_cursor(rows[limit - 1]) if len(rows) > limit else None,
        )

    async def totals(self, project_id: str) -> IndexTotals:
        counted = select(
            func.count(),
            func.coalesce(func.sum(IndexedFileRow.passages), 0),
            func.count().filter(IndexedFileRow.status == "failed"),
        ).where(self._in(project_id))
        async with self.database.read() as session:
            files, passages, failed = (await session.execute(counted)).one()
        return IndexTotals(files=files, passages=passages, failed=failed)

    async def save(self, project_id: str, *records: FileRecord) -> None:
        """See `IndexRecords.save`.

        Raises:
            ProjectUnknown: the project has been removed.
        """
        rows = [self._values(project_id, record) for record in records]
        try:
            async with self.database.write() as session:
                for some in _in_statements(records):
                    doomed = self._of(project_id, [record.file_id for record in some])
                    await session.execute(delete(IndexedFileRow).where(doomed))
                if rows:
                    await session.execute(insert(IndexedFileRow), rows)
        except IntegrityError as error:
            raise ProjectUnknown(project_id) from error

    async def drop(self, project_id: str, *file_ids: str) -> None:
        async with self.database.write() as session:
            for some in _in_statements(file_ids):
                await session.execute(delete(IndexedFileRow).where(self._of(project_id, some)))

    def _in(self, project_id: str) -> ColumnElement[bool]:
        return and_(
            IndexedFileRow.project_id == project_id, IndexedFileRow.collection == self.collection
        )

    def _of(self, project_id: str, file_ids: Sequence[str]) -> ColumnElement[bool]:
        return and_(self._in(project_id), IndexedFileRow.file_id.in_(file_ids))

    def _values(self, project_id: str, record: FileRecord) -> dict[str, object]:
        facts = {name: getattr(record, name) for name in _FACTS}
        return {"project_id": project_id, "collection": self.collection, **facts}


def _in_statements(whole: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield parts that one statement can name: databases limit its parameters."""
    for start in range(0, len(whole), _MOST_NAMED):
        yield whole[start : start + _MOST_NAMED]


def _cursor(row: IndexedFileRow) -> str:
    return base64.urlsafe_b64encode(json.dumps([row.path, row.file_id]).encode()).decode()


def _place(cursor: str) -> tuple[str, str]:
    try:
        place: object = json.loads(base64.urlsafe_b64decode(cursor))
    except RecursionError as error:
        raise ValueError("nested too deep for a cursor") from error
    match place:
        case [str(path), str(file_id)] if "\0" not in path + file_id:
            return path, file_id
        case _:
            raise ValueError("not a cursor")


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
        link=row.link,
        source_version=row.source_version,
        tags=tuple(row.tags),
        modified=row.modified,
    )
