"""One schema on SQLite and PostgreSQL, brought up to date at every start."""

import asyncio
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from contracts.problems import ServiceUnreachable
from service.records.database import Database, alembic_config, check_database, open_database
from service.records.files import DatabaseIndexRecords
from service.records.models import Row
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Row.metadata))


def _downgrade(connection: Connection) -> None:
    command.downgrade(alembic_config(connection), "0001")


async def test_models_and_migrations_agree(database: Database) -> None:
    async with database.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_opening_again_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        async with open_database(database_url) as database, database.connect() as connection:
            version = await connection.execute(text("SELECT version_num FROM alembic_version"))
            assert version.scalars().all() == ["0005"]


async def test_what_an_earlier_version_had_indexed_is_still_there_and_a_source(
    database_url: str,
) -> None:
    async with open_database(database_url) as database, database.connect() as connection:
        await connection.run_sync(_downgrade)
        await connection.execute(text(_AN_EARLIER_PROJECT))
        await connection.execute(text(_AN_EARLIER_FILE))
    async with open_database(database_url) as database:
        [project] = await ProjectRecords(database).list_records()
        sources = await SourceRecords(database).list_all()
        files = await DatabaseIndexRecords(database, "").load("alloy")
    assert (project.project_id, project.source_id, project.gone) == ("alloy", "alloy", False)
    assert [source.project_id for source in sources] == ["alloy"]
    assert (files["f"].path, files["f"].link) == ("a.txt", None)


_AN_EARLIER_PROJECT = (
    "INSERT INTO projects (id, title, kind, location, created_by, created_at)"
    " VALUES ('alloy', '合金', 'folder', '/alloy', 'me', '2026-01-01')"
)
_AN_EARLIER_FILE = (
    "INSERT INTO indexed_files (project_id, file_id, path, version, fingerprint, status, passages,"
    " indexed_at) VALUES ('alloy', 'f', 'a.txt', '1', '1', 'indexed', 1, '2026-01-01')"
)


async def _start(url: str) -> None:
    async with open_database(url):
        pass


async def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    await asyncio.gather(*(_start(database_url) for _ in range(4)))


async def test_of_those_that_make_an_sqlite_file_together_each_waits(tmp_path: Path) -> None:
    for number in range(20):  # one time in ten some were refused
        url = f"sqlite:///{tmp_path / str(number)}"
        await asyncio.gather(*(_start(url) for _ in range(4)))


async def test_an_sqlite_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "records.db"
    async with open_database(f"sqlite:///{path}"):
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


async def test_a_second_look_at_an_sqlite_file_hides_nothing_that_others_write(
    tmp_path: Path,
) -> None:
    path = tmp_path / "records.db"
    async with open_database(f"sqlite:///{path}") as database:
        await check_database(f"sqlite:///{path}")
        for name in ("first", "second"):
            other = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _WRITE, str(path), f"CREATE TABLE {name} (id)"
            )
            assert await other.wait() == 0
        async with database.read() as session:
            found = await session.execute(text("SELECT name FROM sqlite_master"))
        assert {"first", "second"} <= set(found.scalars())


_WRITE = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as connection:
    connection.execute(sys.argv[2])
connection.close()
"""


async def test_a_database_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServiceUnreachable):
        async with open_database(f"sqlite:///{tmp_path}/file/records.db"):
            pass


async def test_concurrent_writers_wait_for_each_other(database: Database) -> None:
    sources = SourceRecords(database)
    await asyncio.gather(*(sources.add(_project(f"p{number}")) for number in range(40)))
    assert len(await sources.list_all()) == 40


async def test_a_failed_block_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(KeyError):
        await _insert_and_fail(database)
    assert await ProjectRecords(database).list_records() == []


async def test_who_is_cancelled_in_a_transaction_holds_up_nobody(database: Database) -> None:
    for number in range(300):  # SQLite kept the lock of a closed connection, one time in fifty
        writing = asyncio.create_task(_write(database))
        await asyncio.sleep(number % 20 / 5_000)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        await _write(database)


async def _write(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("UPDATE projects SET title = 'alloy'"))
        await session.execute(text("SELECT 1"))


async def _insert_and_fail(database: Database) -> None:
    async with database.write() as session:
        await session.execute(
            text(
                "INSERT INTO projects (id, title, kind, location, created_by, created_at)"
                " VALUES ('a', 'b', 'folder', '/', 'd', '2026-01-01')"
            )
        )
        raise KeyError


def _project(project_id: str) -> ProjectRecord:
    return ProjectRecord(
        project_id=project_id,
        title=f"合金 {project_id}",
        location=f"/data/{project_id}",
        created_by="me",
        created_at=datetime.now(UTC),
    )


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_url_may_say_sslmode_as_everywhere_else(database_url: str) -> None:
    await _start(f"{database_url}&sslmode=disable")
    with pytest.raises(ServiceUnreachable):
        await _start("postgresql://me@127.0.0.1:9/none?sslmode=require")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_server_that_goes_away_is_a_problem_and_may_come_back(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ServiceUnreachable):
        await _run(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert "a transaction was given up" in caplog.text
    assert await ProjectRecords(database).list_records() == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_server_that_keeps_silent_is_a_problem(database_url: str) -> None:
    async with open_database(database_url, deadline_s=2.0) as database:
        with pytest.raises(ServiceUnreachable):
            await _run(database, "SELECT pg_sleep(60)")


async def test_a_database_whose_connections_are_all_taken_is_a_problem(tmp_path: Path) -> None:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{tmp_path / 'records.db'}",
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.01,
    )
    async with engine.connect():
        with pytest.raises(ServiceUnreachable):
            await _run(Database(engine), "SELECT 1")
    await engine.dispose()


async def test_a_wrong_statement_is_no_problem_but_a_bug(database: Database) -> None:
    with pytest.raises((ProgrammingError, IntegrityError)):
        await _run(database, "INSERT INTO projects (id) VALUES (NULL)")


async def _run(database: Database, statement: str) -> None:
    async with database.write() as session:
        await session.execute(text(statement))
