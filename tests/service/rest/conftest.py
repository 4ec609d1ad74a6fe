"""One service for all tests of REST: each makes the keys and projects that it changes."""

from collections.abc import AsyncGenerator

import httpx2
import pytest

from tests.service.rest.world import LOCAL_TOKEN, World, open_world


@pytest.fixture(scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[World]:
    async with open_world(tmp_path_factory.mktemp("rest")) as opened:
        yield opened


@pytest.fixture
async def operator(world: World) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client that may do everything."""
    async with world.client(LOCAL_TOKEN) as client:
        yield client
