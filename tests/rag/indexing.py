"""Projects to index, what reads them, and what the index then holds."""

import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import qdrant_edge as edge

from connectors.folder import FolderSource
from connectors.paths import FileIds
from connectors.ports import Listing, SourceFile, UnlistedPart
from connectors.problems import SourceFileUnavailable
from contracts.problems import ServiceUnreachable
from inference.embedding import Embedding
from inference.fake import HashEmbedder
from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece
from rag.parsing.problems import ParseFailed
from rag.ports import FileRecord
from rag.store.edge import EdgeStore
from rag.store.port import Point
from rag.store.schema import collection_name
from tests.rag.shelves import MemoryRecords


def write_project(root: Path, texts: Mapping[str, str]) -> FolderSource:
    """Make `root` hold these files and no others; return it as the source of project `alloy`."""
    root.mkdir(exist_ok=True)
    for old in root.iterdir():
        old.unlink()
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
        os.utime(root / name, (0, 0))  # the time is a label, too
    return FolderSource(project_id="alloy", title="Alloy", root=root)


@dataclass(kw_only=True)
class MemorySource:
    """Implements `connectors.ports.ProjectSource` for texts by path, parts of which may fail."""

    texts: dict[str, str]
    project_id: str = "alloy"
    title: str = "Alloy"
    link: str | None = None
    tags: tuple[str, ...] = ()
    modified: datetime | None = None
    unlisted: Sequence[str] = ()
    """Beginnings of paths that cannot be listed."""
    unavailable: Container[str] = ()
    """Paths that cannot be fetched for now."""
    fetched: list[str] = field(default_factory=list[str])

    async def list_files(self) -> Listing:
        listed = [path for path in sorted(self.texts) if not path.startswith(tuple(self.unlisted))]
        ids = FileIds(self.project_id)
        down = ServiceUnreachable("The storage", reason="it was told to be down")
        return Listing(
            [self._file(path, ids.give(path)) for path in listed],
            [UnlistedPart(prefix, down) for prefix in self.unlisted],
        )

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        self.fetched.append(file.path)
        if file.path in self.unavailable:
            raise SourceFileUnavailable(reason="it was told to be down")
        copy = folder / file.file_id
        copy.write_text(self.texts[file.path], encoding="utf-8")
        return copy

    def _file(self, path: str, file_id: str) -> SourceFile:
        content = self.texts[path].encode()
        return SourceFile(
            file_id=file_id,
            path=path,
            size=len(content),
            version=sha256(content).hexdigest(),
            modified=self.modified,
            link=None if self.link is None else f"{self.link}/{path}",
            tags=self.tags,
        )


@dataclass
class PlainTextParser:
    """Implements `rag.ports.Parser` in this process: UTF-8 text, a piece for each paragraph."""

    read: list[str] = field(default_factory=list[str])

    async def parse(self, path: Path, name: str) -> ParsedDocument:
        self.read.append(name)
        text = path.read_text(encoding="utf-8")  # noqa: ASYNC240 - a few bytes
        if not text:
            raise ParseFailed("empty_file")
        pieces = [Piece(kind="text", text=part, anchor=Anchor()) for part in text.split("\n\n")]
        return ParsedDocument(title="", media_type="text/plain", pieces=pieces)


class FlakyEmbedder(HashEmbedder):
    """Can be told to be down after a number of texts, as a model on another machine may be."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded = 0
        self.down_after: float = float("inf")

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        if self.embedded + len(texts) > self.down_after:
            raise ServiceUnreachable("The embedding model", reason="it was told to be down")
        self.embedded += len(texts)
        return await super().embed_documents(texts)


class Stopped(Exception):
    """The run ended here, as if its process had."""


@dataclass
class Countdown:
    """Lets a number of writes through, then stops every further one."""

    left: float = float("inf")

    def step(self) -> None:
        if self.left < 1:
            raise Stopped
        self.left -= 1


class StoppableStore(EdgeStore):
    """Stops before a write when the countdown says so."""

    countdown = Countdown()

    async def upsert(self, points: Sequence[Point]) -> None:
        self.countdown.step()
        await super().upsert(points)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        self.countdown.step()
        await super().delete_file(project_id, file_id, except_version=except_version)


@dataclass(frozen=True, slots=True)
class StoppableRecords(MemoryRecords):
    """Stops before a write when the countdown says so."""

    countdown: Countdown = field(default_factory=Countdown)

    async def save(self, project_id: str, *records: FileRecord) -> None:
        self.countdown.step()
        await MemoryRecords.save(self, project_id, *records)

    async def drop(self, project_id: str, *file_ids: str) -> None:
        self.countdown.step()
        await MemoryRecords.drop(self, project_id, *file_ids)


async def open_store(folder: Path) -> EdgeStore:
    """Open the store that `contents` reads."""
    embedder = HashEmbedder()
    return await EdgeStore.open(folder, model=embedder.model, dimensions=embedder.dimensions)


def contents(folder: Path, model: str = HashEmbedder().model) -> dict[str, Any]:
    """Read a closed store's points with the engine itself: payload and vectors by id."""
    shard = edge.EdgeShard.load(str(folder / collection_name(model) / "shard"))
    request = edge.ScrollRequest(limit=10_000, with_payload=True, with_vector=True)
    records, more = shard.scroll(request)
    assert more is None
    shard.close()
    return {str(record.id): (record.payload, _plain(record.vector)) for record in records}


def _plain(vectors: object) -> dict[str, object]:
    assert isinstance(vectors, dict)
    return {
        name: (tuple(vector.indices), tuple(vector.values))
        if isinstance(vector, edge.SparseVector)
        else vector
        for name, vector in cast("dict[str, object]", vectors).items()
    }
