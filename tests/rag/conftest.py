"""An empty store in this process."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from inference.fake import HashEmbedder
from rag.store.edge import EdgeStore


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
async def edge_store(tmp_path: Path, embedder: HashEmbedder) -> AsyncGenerator[EdgeStore]:
    store = await EdgeStore.open(
        tmp_path / "store", model=embedder.model, dimensions=embedder.dimensions
    )
    yield store
    await store.close()
