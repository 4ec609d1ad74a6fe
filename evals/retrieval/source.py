"""Documents of a test collection as the files of projects, for the indexer that ships."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

from connectors.ports import Listing, SourceFile
from evals.retrieval.collection import Collection, Document
from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece

_NO_NAME: Final = "_"  # words of a file's name are searched, and these documents have none


@dataclass(frozen=True, slots=True)
class CollectionSource:
    """Implements `connectors.ports.ProjectSource`: the documents of one project."""

    project_id: str
    title: str
    documents: Sequence[Document]

    async def list_files(self) -> Listing:
        files = [
            replace(as_file(self.title, document), locator=str(place))
            for place, document in enumerate(self.documents)
        ]
        return Listing(sorted(files, key=lambda file: file.path))

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        path = folder / _NO_NAME
        content = _content(self.documents[int(file.locator)])
        await asyncio.to_thread(path.write_bytes, content)
        return path


class CollectionParser:
    """Implements `rag.ports.Parser`: documents are as they were collected."""

    async def parse(self, path: Path, name: str) -> ParsedDocument:  # noqa: ARG002 - the port's
        content: dict[str, str] = json.loads(await asyncio.to_thread(path.read_bytes))
        return parsed(content["title"], content["text"])


def sources_of(collection: Collection) -> list[CollectionSource]:
    """Return the projects of a collection."""
    documents: dict[str, list[Document]] = {}
    for document in collection.documents:
        documents.setdefault(document.project, []).append(document)
    return [
        CollectionSource(project, collection.name, inside) for project, inside in documents.items()
    ]


def as_file(collection: str, document: Document) -> SourceFile:
    """Return a document as a source lists it."""
    content = _content(document)
    return SourceFile(
        file_id=file_id(collection, document.id),
        path=f"{document.id}/{_NO_NAME}",
        size=len(content),
        version=sha256(content).hexdigest(),
        modified=None,
    )


def parsed(title: str, text: str) -> ParsedDocument:
    """Return a document as a parser would; one that is nothing but a title has it for its text."""
    piece = Piece(kind="text", text=text if text.strip() else title, anchor=Anchor())
    return ParsedDocument(title=title, media_type="text/plain", pieces=[piece])


def file_id(collection: str, document: str) -> str:
    """Return what tells a document from those of other collections in the same index."""
    return f"{collection}/{document}"


def _content(document: Document) -> bytes:
    return json.dumps({"title": document.title, "text": document.text}).encode()
