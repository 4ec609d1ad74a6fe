"""How a passage is written into the store, and read back."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid5

from pydantic import BaseModel

from connectors.ports import SourceFile
from rag.fusion import Fused
from rag.labels import stored_tags, type_of
from rag.models import Anchor, Hit, Passage, ScoreParts, Span
from rag.parsing.document import PieceKind
from rag.parsing.readable import readable_label

_PASSAGE_IDS: Final = UUID("0c0d5a5e-6d57-4f0e-9a3b-7f2f1f0a9d11")


class StoredPassage(BaseModel, frozen=True):
    """A point's payload. Nothing in it depends on when it was written: writing again is free."""

    project_id: str
    file_id: str
    version: str
    ordinal: int
    total: int
    """Passages of this version of the file."""
    path: str
    title: str = ""
    """The document's own; empty where it has none."""
    anchor: Anchor
    kind: PieceKind
    language: str
    context: str = ""
    """Title, headings and column names above the passage, a line each."""
    text: str
    embedding_model: str
    link: str | None = None
    source_version: str | None = None
    file_type: str = ""
    """The lower-case ending of the file's name, without its dot."""
    modified: datetime | None = None
    tags: tuple[str, ...] = ()
    """Those of its file and `keywords`, folded: what a search can be narrowed to."""
    keywords: tuple[str, ...] = ()
    """The document's own, folded."""

    def payload(self) -> dict[str, Any]:
        """Return it as the store keeps it, without what its format does not have."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def id(self) -> str:
        """The passage's id."""
        return passage_id(self.project_id, self.file_id, self.version, self.ordinal)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]

    @property
    def embedded_text(self) -> str:
        """What the embedder reads."""
        return self.context + self.text

    @property
    def lexical_text(self) -> str:
        """What is searched by words: the file's name, what stands above the passage, its text.

        What stands above says in a few words what it is about, and counts twice.
        """
        return f"{readable_label(self.name)}\n{self.context}{self.context}{self.text}"

    def relabelled(self, file: SourceFile) -> "StoredPassage":
        """Return the passage as it is of `file`, which has the same content."""
        return self.model_copy(update=labels(file, self.keywords))

    def neighbours(self, *, before: int, after: int) -> list[str]:
        """Return the ids of the passages around this one, itself included, in reading order."""
        first = max(self.ordinal - before, 0)
        last = min(self.ordinal + after, self.total - 1)
        return [
            passage_id(self.project_id, self.file_id, self.version, ordinal)
            for ordinal in range(first, last + 1)
        ]

    def as_passage(self) -> Passage:
        """Return what a reader gets."""
        return Passage(passage_id=self.id, anchor=self.anchor, text=self.text)

    def as_hit(
        self,
        number: int,
        fused: Fused,
        *,
        highlights: Sequence[Span] = (),
        before: Sequence[Passage] = (),
        after: Sequence[Passage] = (),
    ) -> Hit:
        """Return what a searcher gets."""
        return Hit(
            number=number,
            passage_id=fused.id,
            project_id=self.project_id,
            file_id=self.file_id,
            path=self.path,
            version=self.version,
            title=self.title or self.name,
            anchor=self.anchor,
            text=self.text,
            highlights=list(highlights),
            before=list(before),
            after=list(after),
            score=fused.score,
            parts=ScoreParts(**fused.parts),
            embedding_model=self.embedding_model,
            link=self.link,
            source_version=self.source_version,
            language=self.language,
            tags=list(self.tags),
            modified=self.modified,
        )


def labels(file: SourceFile, keywords: Iterable[str] = ()) -> dict[str, Any]:
    """Return what a passage says of its file and the content, but for its keywords, does not."""
    return {
        "file_id": file.file_id,
        "path": file.path,
        "link": file.link,
        "source_version": file.source_version,
        "file_type": type_of(file.path),
        "modified": file.modified and file.modified.astimezone(UTC),
        "tags": stored_tags([*file.tags, *keywords]),
    }


def passage_id(project_id: str, file_id: str, version: str, ordinal: int) -> str:
    """Return the id of a passage: the same whenever and wherever the same file is indexed."""
    return str(uuid5(_PASSAGE_IDS, json.dumps([project_id, file_id, version, ordinal])))


def stored_passage(payload: Mapping[str, Any]) -> StoredPassage:
    """Read a payload of the store."""
    return StoredPassage.model_validate(payload)
