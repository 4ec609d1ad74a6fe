"""One database, SQLite or PostgreSQL: opened, brought up to date, closed."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import AsyncGenerator, Generator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from pathlib import Path
from typing import cast

import aiosqlite
from alembic import command
from alembic.config import Config
from sqlalchemy import URL, AdaptedConnection, Connection, event, inspect, make_url, text
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from contracts.problems import ServiceUnreachable
from service.bug_trace import trace_of

BUSY_TIMEOUT_MS = 10_000
DEADLINE_S = 30.0
_BUSY_PAUSE_S = 0.01
MIGRATION_LOCK = 0x66756D69  # any fixed number: replicas that start together queue behind it
_LOG = logging.getLogger(__name__)
# It writes a traceback for every caller that is cancelled, and raises whatever else goes wrong.
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
_WRITES = "fumikura_writes"
_OUR_FAULT = (IntegrityError, ProgrammingError, DataError, NotSupportedError)


class Database:
    """Hands out sessions; each is one transaction, committed when its block ends well.

    A session raises `ServiceUnreachable` where the database does not answer.
    """

    def __init__(self, engine: AsyncEngine, watch: sqlite3.Connection | None = None) -> None:
        """Take an engine and, for SQLite, a connection that is for `version` alone."""
        self._reader = engine
        self._writer = engine.execution_options(**{_WRITES: True})
        self._watch = watch

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session that only reads."""
        return _session(self._reader)

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a session that writes: on SQLite it holds the one write lock from its start."""
        return _session(self._writer)

    def version(self) -> int | None:
        """Return a number that is another one after each write, by whatever process.

        None where the database has no such number: PostgreSQL. To look takes microseconds.

        Raises:
            ServiceUnreachable: the database does not answer.
        """
        if self._watch is None:
            return None
        try:
            [[version]] = self._watch.execute("PRAGMA data_version").fetchall()
        except sqlite3.Error as error:
            raise _away(type(error).__name__) from error
        return int(version)

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[AsyncConnection]:
        """Open one writing connection, for migrations."""
        async with self._writer.begin() as connection:
            yield connection


@asynccontextmanager
async def open_database(url: str, *, deadline_s: float = DEADLINE_S) -> AsyncGenerator[Database]:
    """Open the database of `url`, migrated to the newest schema, and close it at the end.

    `url` is `sqlite:///path` or `postgresql://…`. A SQLite file is created for this user alone.
    A PostgreSQL server that takes longer than `deadline_s` over a statement does not answer.

    Raises:
        ServiceUnreachable: the database cannot be opened or does not answer.
    """
    engine = _make_engine(url, deadline_s=deadline_s)
    try:
        with _answering():
            async with Database(engine).connect() as connection:
                await _lock_migrations(connection)
                await connection.run_sync(migrate)
        with _watching(url) as watch:
            yield Database(engine, watch)
    finally:
        # Also when cancelled: an SQLite connection is a thread, and must not outlive the loop.
        await asyncio.shield(engine.dispose())


@asynccontextmanager
async def peek_into(url: str, *, table: str) -> AsyncGenerator[Database | None]:
    """Open a database as it is, to be read; None where the table is not there.

    Raises:
        ServiceUnreachable: it does not answer.
    """
    engine = _make_engine(url)
    try:
        with _answering():
            async with engine.connect() as connection:
                is_there = await connection.run_sync(lambda each: inspect(each).has_table(table))
        yield Database(engine) if is_there else None
    finally:
        await asyncio.shield(engine.dispose())


async def check_database(url: str) -> None:
    """Return if the database of `url` answers; nothing in it is changed.

    Raises:
        ServiceUnreachable: it does not.
    """
    engine = _make_engine(url)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (OSError, SQLAlchemyError) as error:
        raise _away(type(error).__name__) from error
    finally:
        await asyncio.shield(engine.dispose())


def migrate(connection: Connection) -> None:
    """Bring the schema to the newest version, inside the connection's transaction."""
    command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> Config:
    """Return what alembic's commands need to work on a connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _watching(url: str) -> Generator[sqlite3.Connection | None]:
    """Open a connection to a SQLite database that writes nothing: to itself it is no other one."""
    target = make_url(url)
    if target.get_backend_name() != "sqlite":
        yield None
        return
    with _answering():
        path = target.database or ""
        watch = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        yield watch
    finally:
        watch.close()


def _make_engine(url: str, *, deadline_s: float = DEADLINE_S) -> AsyncEngine:
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        _make_private(Path(target.database or ""))
        engine = create_async_engine(
            target.set(drivername="sqlite+aiosqlite"), connect_args={"factory": _SqliteConnection}
        )
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    deadlines = {"timeout": deadline_s, "command_timeout": deadline_s}  # asyncpg may wait for ever
    return create_async_engine(_for_asyncpg(target), pool_pre_ping=True, connect_args=deadlines)


class _SqliteConnection(sqlite3.Connection):
    """Rolls back as it is closed, which is how a cancelled transaction ends.

    SQLite itself keeps the locks of a closed connection for as long as a cursor of it is left.
    """

    is_open = True

    def close(self) -> None:
        if self.is_open:
            self.rollback()
        self.is_open = False
        super().close()


def _for_asyncpg(target: URL) -> URL:
    """Say `ssl` where PostgreSQL's own programs say `sslmode`; the values are the same."""
    options = {"ssl" if name == "sslmode" else name: value for name, value in target.query.items()}
    return target.set(drivername="postgresql+asyncpg", query=options)


def _make_private(path: Path) -> None:
    """Create the file before SQLite does, so that it is never readable by others.

    One that is there is not opened: to close it drops SQLite's locks of it, which are POSIX's, from
    whatever else this process has open there (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise _away(error.strerror or "no access") from error


def _prepare_sqlite(dbapi_connection: AdaptedConnection, _record: object) -> None:
    # The driver's own transactions begin late and miss DDL: `_begin_sqlite` begins them instead.
    cast("sqlite3.Connection", dbapi_connection).isolation_level = None
    dbapi_connection.run_async(_set_pragmas)


async def _set_pragmas(connection: aiosqlite.Connection) -> None:
    await connection.execute_fetchall(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    await _log_ahead(connection)
    await connection.execute_fetchall("PRAGMA foreign_keys=ON")
    await connection.execute_fetchall("PRAGMA synchronous=FULL")


async def _log_ahead(connection: aiosqlite.Connection) -> None:
    """Turn on the write-ahead log; SQLite makes processes that start together not wait for it."""
    async with asyncio.timeout(BUSY_TIMEOUT_MS / 1000):
        while True:
            try:
                await connection.execute_fetchall("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                await asyncio.sleep(_BUSY_PAUSE_S)
            else:
                return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    # A transaction that first reads and then writes would fail at once under contention
    # instead of waiting; asking for the write lock first makes it wait its turn.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def _lock_migrations(connection: AsyncConnection) -> None:
    if connection.dialect.name == "postgresql":
        await connection.execute(
            text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK}
        )


@asynccontextmanager
async def _session(engine: AsyncEngine) -> AsyncGenerator[AsyncSession]:
    with _answering():
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield session


@contextmanager
def _answering() -> Generator[None]:
    """Tell a database that is away from one that was asked wrongly: that is a bug, and rises."""
    try:
        yield
    except _OUR_FAULT:
        raise
    except (OSError, DBAPIError, sqlite3.Error, NoConnectionFree) as error:
        _LOG.warning("a transaction was given up: %s", trace_of(error))
        raise _away(type(error).__name__) from error


def _away(reason: str) -> ServiceUnreachable:
    return ServiceUnreachable("The database", reason=reason, service_ja="データベース")
