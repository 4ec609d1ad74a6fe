"""Records on their way to the database: each arrives, and once."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.problems import ServiceUnreachable
from inference.prices import Price, Used
from service.records.database import Database, open_database
from service.records.models import UsageRow
from service.usage.journal import Journal
from service.usage.moving import Mover, moved
from service.usage.report import usage_of
from service.usage.spans import month_of
from tests.service.usage.records import call, call_recorded


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


def move(folder: Path, to: Path) -> None:
    folder.rename(to)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.01)


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
    assert await mover.move() == 3
    assert await ids_in(database) == sorted(record.id for record in kept)
    mover.journal.close()


async def test_numbers_that_no_call_can_reach_keep_no_record_out(
    database: Database, folder: Path
) -> None:
    most = 2**62
    used = Used(
        prompt_tokens=most, cached_tokens=most, completion_tokens=most, audio_s=1e308, pages=most
    )
    price = Price(prompt=Decimal(10**8), audio_minute=Decimal(10**8), page=Decimal(10**8))
    lied = call_recorded(used, price)
    async with moved(Journal(folder), database) as mover:
        for record in (lied, call()):
            mover.journal.append(record)
    [sums] = await usage_of(database, month_of("2026-11"), group_by="person")
    assert (sums.calls, sums.prompt_tokens, round(sums.yen)) == (2, 10**12 + 10, 10**9)


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
    breaking, kept = _Breaking.of(database), [call() for _ in range(5)]
    breaking.is_away = True
    mover = Mover(Journal(folder), breaking)
    for record in kept:
        mover.journal.append(record)
        with pytest.raises(ServiceUnreachable):
            await mover.move()
    # They are not the first one's alone: another process that reaches the database moves them.
    other = Mover(Journal(folder), database)
    assert await other.move() == 5
    assert await ids_in(database) == sorted(record.id for record in kept)
    mover.journal.close()
    other.journal.close()


async def test_a_mover_goes_on_when_the_database_is_back(
    database: Database, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    breaking, record = _Breaking.of(database), call()
    breaking.is_away = True
    async with moved(Journal(folder), breaking, every_s=0.01) as mover:
        mover.journal.append(record)
        await until(lambda: "wait in the data folder" in caplog.text)
        breaking.is_away = False
        await until(lambda: not any(map(bytes_of, files_in(folder))))
    assert await ids_in(database) == [record.id]
    assert caplog.text.count("wait in the data folder") == 1


async def test_a_mover_goes_on_when_files_can_be_made_again(
    database: Database, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    aside, record = folder.with_name("aside"), call()
    async with moved(Journal(folder), database, every_s=0.01) as mover:
        move(folder, aside)
        mover.journal.append(record)
        await until(lambda: "wait in the data folder" in caplog.text)
        move(aside, folder)
        await until(lambda: not any(map(bytes_of, files_in(folder))))
    assert await ids_in(database) == [record.id]


async def test_what_was_acknowledged_before_20_kills_is_in_the_database(
    database: Database, database_url: str, folder: Path
) -> None:
    acknowledged = await asyncio.to_thread(_ids_of_killed, folder, database_url)
    async with moved(Journal(folder), database):
        pass
    kept = await ids_in(database)
    assert set(acknowledged) <= set(kept)
    assert len(kept) - len(acknowledged) <= 20  # written, and killed before it could say so
    assert files_in(folder) == []


def _ids_of_killed(folder: Path, url: str) -> list[str]:
    """Let pairs of processes record, each until it is killed; return what they acknowledged."""
    acknowledged: list[str] = []
    for round_ in range(10):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITER, str(folder), url], stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        for writer in writers:
            assert writer.stdout is not None
            acknowledged += [writer.stdout.readline().strip() for _ in range(1 + 37 * round_)]
            writer.kill()
            acknowledged += writer.stdout.read().split()
            writer.wait()
            writer.stdout.close()
    return acknowledged


_WRITER = """
import asyncio, os, sys
from pathlib import Path
from service.records.database import open_database
from service.usage.journal import Journal
from service.usage.moving import moved
from tests.service.usage.records import call

async def record():
    async with open_database(sys.argv[2]) as database:
        async with moved(Journal(Path(sys.argv[1])), database, every_s=0.002) as mover:
            while True:
                kept = call()
                mover.journal.append(kept)
                os.write(1, kept.id.encode() + b"\\n")
                await asyncio.sleep(0.001)

asyncio.run(record())
"""
