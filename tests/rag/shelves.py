"""Small real implementations of `rag`'s ports, and passages to search."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from connectors.ports import SourceFile
from contracts.principal import Principal, Scope
from evals.retrieval.records import RunRecords
from inference.fake import HashEmbedder
from rag.ingest import cut_document, embed_passages
from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece
from rag.ports import Embedder, FileRecord, KnownProject
from rag.store.port import Point, VectorStore


class MemoryRecords(RunRecords):
    """Also finds some of a project's files, as the records of a database do."""

    async def find(self, project_id: str, file_ids: Sequence[str]) -> dict[str, FileRecord]:
        records = self.kept.get(project_id, {})
        return {file_id: records[file_id] for file_id in file_ids if file_id in records}


@dataclass(frozen=True, slots=True)
class Grants:
    """Implements `rag.ports.ProjectAccess`: project ids by principal id."""

    granted: dict[str, tuple[str, ...]]

    async def readable_projects(
        self, principal: Principal, among: Collection[str] | None = None
    ) -> list[KnownProject]:
        return [
            KnownProject(project, project.title(), None)
            for project in self.granted.get(principal.id, ())
            if among is None or project in among
        ]


class AllLanguagesEmbedder(HashEmbedder):
    """Claims to know every language, so that its similarities count."""

    def __init__(self) -> None:
        super().__init__()
        self.languages = frozenset({"*"})


def someone(name: str = "aoki", *scopes: Scope) -> Principal:
    """Return a caller with the scope `read`, or with the given ones."""
    return Principal(id=name, name=name, scopes=frozenset(scopes or ("read",)))


async def shelve(
    store: VectorStore, embedder: Embedder, project: str, texts: Mapping[str, str]
) -> list[Point]:
    """Write texts into a project, by path, as the indexer would; return their passages."""
    points: list[Point] = []
    for path, text in texts.items():
        points += await shelve_file(store, embedder, project, listed(path, text), text)
    return points


async def shelve_file(
    store: VectorStore, embedder: Embedder, project: str, file: SourceFile, text: str
) -> list[Point]:
    """Write a file's text as the indexer would; return its passages."""
    pieces = [Piece(kind="text", text=each, anchor=Anchor()) for each in text.split("\n\n")]
    document = ParsedDocument(title=file.path, media_type="text/plain", pieces=pieces)
    cut = cut_document(file, document, embedder)
    points = await embed_passages(project, cut, embedder)
    await store.upsert(points)
    return points


def listed(path: str, text: str) -> SourceFile:
    """Return a text as a source lists it that knows nothing but its path."""
    return SourceFile(file_id=path, path=path, size=len(text), version="1", modified=None)
