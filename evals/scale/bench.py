"""Read files with one and two Ray workers, and write what they gave as fast as one process can."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from connectors.folder import FolderSource
from evals.indexing.mix import write_files
from evals.retrieval.collection import Document
from evals.scale.worker import open_ingest
from inference.embedding import Embedding, Output
from rag.ingest import Draft, embed_drafts
from rag.ray_engine import RayReader, connect, disconnect
from rag.store.edge import EdgeStore

_TOGETHER: Final = 64  # files of about four passages: as many points as the indexer puts in at once
_DIMENSIONS: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Documents, the passages they were cut into, and seconds."""

    documents: int
    passages: int
    one_worker_s: float
    two_workers_s: float
    writer_s: float


class _Instant:
    """Implements `rag.ports.Embedder`: what is left is what a driver does with far-away pods."""

    model = "instant"
    dimensions = _DIMENSIONS
    outputs: frozenset[Output] = frozenset({"dense"})
    max_tokens = 8192
    languages = frozenset({"*"})

    def count_tokens(self, text: str) -> int:
        return len(text)

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        vector = [_DIMENSIONS**-0.5] * _DIMENSIONS
        return [Embedding(list(vector)) for _ in texts]

    async def embed_query(self, text: str) -> Embedding:
        return (await self.embed_documents([text]))[0]


async def measure(documents: Sequence[Document]) -> Measured:
    """Measure one after the other; the cluster is started anew for each number of workers."""
    with tempfile.TemporaryDirectory() as home:
        write_files(documents, Path(home) / "files")
        source = FolderSource(project_id="mix", title="Mix", root=Path(home) / "files")
        one_worker_s, _ = await _read(source, workers=1)
        two_workers_s, drafts = await _read(source, workers=2)
        writer_s = await _write(drafts, Path(home) / "store")
    return Measured(
        documents=len(documents),
        passages=sum(len(draft.passages) for draft in drafts),
        one_worker_s=one_worker_s,
        two_workers_s=two_workers_s,
        writer_s=writer_s,
    )


async def _read(source: FolderSource, *, workers: int) -> tuple[float, list[Draft]]:
    """Read twice: workers start and import in the first round, and the second one is timed."""
    reader = RayReader(
        open_ingest=open_ingest,
        fingerprint=(await open_ingest()).fingerprint,
        shares_folders=True,
    )
    connect("local", cpus=workers)
    try:
        files = (await source.list_files()).files
        async for _ in reader.read(source, files):
            pass
        begun = perf_counter()
        drafts = [each async for each in reader.read(source, files) if isinstance(each, Draft)]
        return perf_counter() - begun, drafts
    finally:
        disconnect()


async def _write(drafts: Sequence[Draft], home: Path) -> float:
    embedder = _Instant()
    store = await EdgeStore.open(home, model=embedder.model, dimensions=embedder.dimensions)
    begun = perf_counter()
    for start in range(0, len(drafts), _TOGETHER):
        made = await embed_drafts(drafts[start : start + _TOGETHER], embedder)
        await store.upsert([point for points in made for point in points])
        await store.flush()
    took = perf_counter() - begun
    await store.close()
    return took
