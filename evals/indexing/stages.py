"""What each stage of indexing costs when it has the machine for itself."""

import resource
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from connectors.folder import FolderSource
from inference.local_embedder import LocalEmbedder, open_local_embedder
from rag.ingest import CutFile, cut_document, draft_cut, embed_known, points_of
from rag.parsing.isolated import IsolatedParser
from rag.store.edge import EdgeStore
from rag.store.port import Point

EMBED: Final = "embed"
_TOGETHER: Final = 256  # passages, as many as the indexer puts in at once


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock, and of all cores."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Stages:
    """The costs of the stages by their names, and what went through them."""

    costs: dict[str, Cost] = field(default_factory=dict[str, Cost])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    @contextmanager
    def timed(self, name: str) -> Generator[None]:
        """Take the time of a stage, its child processes that end in it included."""
        wall, cpu = perf_counter(), _cpu_s()
        yield
        self.costs[name] = Cost(perf_counter() - wall, _cpu_s() - cpu)


async def measure_stages(folder: Path, home: Path) -> Stages:
    """Take a folder's files through one stage after the other; the store is made in `home`."""
    stages = Stages()
    embedder = open_local_embedder()
    await embedder.embed_documents(["the model is loaded before anything is timed"])
    cuts = await _cut(folder, embedder, stages)
    with stages.timed("count terms"):
        drafts = [draft_cut("mix", cut, embedder.model) for cut in cuts]
    passages = [passage for draft in drafts for passage in draft.passages]
    embedder = open_local_embedder()  # this one has not counted the texts before
    await embedder.embed_documents(["and so is this one"])
    with stages.timed(EMBED):
        embeddings = await embed_known(passages, embedder)
    texts = [
        passage.embedded_text
        for passage, embedding in zip(passages, embeddings, strict=True)
        if embedding is not None
    ]
    stages.counts.update(
        passages=len(passages),
        embedded=len(texts),
        tokens=sum(map(embedder.count_tokens, texts)),
    )
    await _put_in(points_of(passages, embeddings), home, embedder, stages)
    return stages


async def _cut(folder: Path, embedder: LocalEmbedder, stages: Stages) -> list[CutFile]:
    source = FolderSource(project_id="mix", title="Mix", root=folder)
    with stages.timed("list"):
        files = (await source.list_files()).files
    with stages.timed("read and parse"):
        async with IsolatedParser() as parser:
            documents = [await parser.parse(folder / file.path, file.name) for file in files]
    with stages.timed("cut"):
        cuts = [
            cut_document(file, document, embedder)
            for file, document in zip(files, documents, strict=True)
        ]
    stages.counts["documents"] = len(cuts)
    return cuts


async def _put_in(points: list[Point], home: Path, embedder: LocalEmbedder, stages: Stages) -> None:
    store = await EdgeStore.open(home, model=embedder.model, dimensions=embedder.dimensions)
    with stages.timed("put in"):
        for start in range(0, len(points), _TOGETHER):
            await store.upsert(points[start : start + _TOGETHER])
            await store.flush()
    await store.close()


def _cpu_s() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime
