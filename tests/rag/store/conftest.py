"""The stores that every test of the contract runs against, each empty."""

import os
import uuid
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from rag.store.edge import EdgeStore
from rag.store.port import VectorStore
from rag.store.server import ServerStore

DIMENSIONS = 4


@pytest.fixture(params=["edge", "local mode", "server"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[VectorStore]:
    opened: VectorStore
    if request.param == "edge":
        opened = await EdgeStore.open(tmp_path / "store", model="tiny", dimensions=DIMENSIONS)
    elif request.param == "local mode":
        opened = await ServerStore.open(":memory:", None, model="tiny", dimensions=DIMENSIONS)
    else:
        url = os.environ.get("FUMIKURA_TEST_QDRANT_URL")
        if url is None:
            pytest.skip("QDRANT SERVER NOT TESTED: set FUMIKURA_TEST_QDRANT_URL")
        model = f"test-{uuid.uuid4().hex}"
        opened = await ServerStore.open(url, None, model=model, dimensions=DIMENSIONS)
    yield opened
    await opened.close()
