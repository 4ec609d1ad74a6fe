"""The small library, opened once for all tests of this folder."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from agents.local_desk import LocalDesk
from tests.mcp_server.small_library import open_small_desk


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[LocalDesk]:
    folder: Path = tmp_path_factory.mktemp("store")
    async with open_small_desk(folder) as opened:
        yield opened
