"""Records on their way to the database: each arrives, and once."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.problems import ServiceUnreachable
from service.records.database import Database, open_database
from service.records.models import UsageRow
from service.usage.journal import Journal
from service.usage.moving import Mover, moved
from tests.service.usage.records import call


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    async with open_database(database_url) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "usage"


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def bytes_of(file: Path) -> bytes:
    return file.read_bytes()


def put(file: Path, content: bytes) -> None:
    file.write_bytes(content)


async def ids_in(database: Database) -> list[str]:
    async with database.read() as session:
        return sorted(await session.scalars(select(UsageRow.id)))


async def test_records_arrive_as_they_were_appended(database: Database, folder: Path) -> None:
    record = call(first_byte_s=None, key_id=None, prompt_tokens=2**40)
    async with moved(Journal(folder), database) as mover:
        mover.journal.append(record)
    async with database.read() as session:
        [row] = await session.scalars(select(UsageRow))
    columns = {name: getattr(row, name) for name in record.columns}
    assert columns == record.columns
    assert files_in(folder) == []


async def test_more_records_than_one_statement_takes_arrive(
    database: Database, folder: Path
) -> None:
    kept = [call() for _ in range(1_201)]
    async with moved(Journal(folder), database) as mover:
        for record in kept:
            mover.journal.append(record)
    assert await ids_in(database) == sorted(record.id for record in kept)


async def test_what_a_killed_process_moved_half_arrives_once(
    database: Database, folder: Path
) -> None:
    killed, kept = Journal(folder), [call() for _ in range(3)]
    for record in kept:
        killed.append(record)
    [file] = files_in(folder)
    copy = bytes_of(file)
    async with moved(killed, database):
        pass
    put(file, copy)  # as if it had been killed between the database and the removal
    mover = Mover(Journal(folder), database)
    assert await mover.move(also_left_behind=True) == 3
    assert await ids_in(database) == sorted(record.id for record in kept)
    mover.journal.close()


class _Breaking(Database):
    """A database that can be away."""

    is_away = False

    @classmethod
    def of(cls, database: Database) -> Self:
        breaking = cls.__new__(cls)
        vars(breaking).update(vars(database))
        return breaking

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        if self.is_away:
            raise ServiceUnreachable("The database", reason="away")
        return super().write()


async def test_records_wait_for_a_database_that_is_away(database: Database, folder: Path) -> None:
    breaking, record = _Breaking.of(database), call()
    mover = Mover(Journal(folder), breaking)
    mover.journal.append(record)
    breaking.is_away = True
    with pytest.raises(ServiceUnreachable):
        await mover.move()
    breaking.is_away = False
    assert await mover.move() == 1
    assert await ids_in(database) == [record.id]
    mover.journal.close()
