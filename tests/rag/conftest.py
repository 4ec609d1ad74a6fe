"""Empty stores in this process, and indexers that write to them."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from inference.fake import HashEmbedder
from rag.store.edge import EdgeStore
from tests.rag.desk import IndexingDesk
from tests.rag.indexing import (
    Countdown,
    FlakyEmbedder,
    PlainTextParser,
    StoppableRecords,
    StoppableStore,
    open_store,
)
from tests.rag.shelves import MemoryRecords


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


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[IndexingDesk]:
    store = await open_store(tmp_path / "store")
    yield IndexingDesk(
        root=tmp_path / "project",
        store=store,
        embedder=FlakyEmbedder(),
        parser=PlainTextParser(),
        records=MemoryRecords(),
    )
    await store.close()


@pytest.fixture
async def stoppable(tmp_path: Path) -> AsyncGenerator[IndexingDesk]:
    countdown = Countdown()
    store = await StoppableStore.open(tmp_path / "stoppable", model="hash", dimensions=64)
    store.countdown = countdown
    yield IndexingDesk(
        root=tmp_path / "project",
        store=store,
        embedder=FlakyEmbedder(),
        parser=PlainTextParser(),
        records=StoppableRecords(countdown=countdown),
        countdown=countdown,
    )
    await store.close()
