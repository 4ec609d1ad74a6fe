"""What `rag` needs from the outside: models, OCR, records, and who may read what."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from contracts.principal import Principal
from rag.parsing.document import ParsedDocument

Output = Literal["dense", "sparse", "colbert"]
"""What an embedding model can give: every one gives `dense`, bge-m3 also the other two."""


class LearnedWeights(Protocol):
    """Weights by token id of the model's vocabulary; ids unique, weights above 0."""

    @property
    def indices(self) -> Sequence[int]:
        """Token ids."""
        ...

    @property
    def values(self) -> Sequence[float]:
        """Their weights, in the same order."""
        ...


class Embedding(Protocol):
    """What a text becomes. `sparse` and `colbert` are None where the model does not give them.

    Source: Chen et al. 2024, "M3-Embedding".
    """

    @property
    def dense(self) -> Sequence[float]:
        """One vector of the whole text: `dimensions` numbers, L2 norm 1."""
        ...

    @property
    def sparse(self) -> LearnedWeights | None:
        """What each token of the text counts, as the model learned it."""
        ...

    @property
    def colbert(self) -> Sequence[Sequence[float]] | None:
        """One vector for each token, L2 norm 1, for late interaction (MaxSim)."""
        ...


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def model(self) -> str:
        """Name and version, such as `all-MiniLM-L6-v2@0.1.0`; part of a passage's provenance."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    @property
    def outputs(self) -> frozenset[Output]:
        """What each embedding has; `dense` always."""
        ...

    @property
    def max_tokens(self) -> int:
        """Longest text the model reads."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639-1 codes whose similarities can be trusted; `{"*"}` for a multilingual model."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return the tokens of `text`, special ones included; never fewer than the model counts."""
        ...

    async def embed_documents(self, texts: Sequence[str]) -> Sequence[Embedding]:
        """Return one embedding per text, in order, each with all of `outputs`.

        No texts, no vectors: the model is not called.

        Raises:
            Problem: `text_too_long`, a text is over `max_tokens`, never cut silently;
                or a remote model is busy, refuses, or does not answer.
        """
        ...

    async def embed_query(self, text: str) -> Embedding:
        """Return the embedding of a search query; one over `max_tokens` is cut at its end."""
        ...


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class ChatModel(Protocol):
    """Writes text. Its output is untrusted."""

    @property
    def model(self) -> str:
        """The model's id, for provenance."""
        ...

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        schema: Mapping[str, object] | None = None,
    ) -> AsyncGenerator[str]:
        """Yield the reply piece by piece; with `schema`, ask for JSON that follows it.

        Closing the generator stops the model.

        Raises:
            Problem: not reachable, too slow, busy, or it failed midway.
        """
        ...


class OcrLine(Protocol):
    """One line of a page."""

    @property
    def text(self) -> str:
        """What was read."""
        ...

    @property
    def confidence(self) -> float:
        """From 0 to 100."""
        ...

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width, height in pixels."""
        ...


class OcrEngine(Protocol):
    """Reads the text on a picture."""

    @property
    def model(self) -> str:
        """Engine, version and models, for provenance."""
        ...

    async def read_image(self, image: bytes, *, languages: Sequence[str]) -> Sequence[OcrLine]:
        """Return the lines of a PNG, JPEG or TIFF page, top to bottom.

        `languages` are ISO 639-1 codes (`sa`, `ja`, `en`), the likeliest first.

        Raises:
            Problem: `image_unreadable`, no picture that the engine knows, or too large;
                `ocr_unavailable`, its models are missing, says what to install.
        """
        ...


class Parser(Protocol):
    """Turns one file into text with anchors."""

    async def parse(self, path: Path, name: str) -> ParsedDocument:
        """Read the file at `path`; `name` is what its owner calls it.

        Raises:
            ParseFailed: with a code that says why (encrypted, too large, timed out, …).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """What the index holds of one file."""

    file_id: str
    path: str
    version: str
    fingerprint: str
    """What produced the passages: parser, chunker, lexical and embedding model versions."""
    status: Literal["indexed", "failed"]
    passages: int
    indexed_at: datetime
    failure_code: str | None = None
    failure_message: str | None = None
    link: str | None = None
    """The page of the file that a person can open."""
    source_version: str | None = None
    """The number that the source itself gives this version."""
    tags: tuple[str, ...] = ()
    """What people labelled the file with at its source."""
    modified: datetime | None = None
    """When the source says that it was changed."""


@dataclass(frozen=True, slots=True)
class IndexTotals:
    """The records of a project in numbers; `failed` are those of `files` that failed."""

    files: int
    passages: int
    failed: int


class IndexRecords(Protocol):
    """Remembers, durably, what has been indexed. A record is written after its passages."""

    async def totals(self, project_id: str) -> IndexTotals:
        """Count the records of a project; one that is not known has none."""
        ...

    async def load(self, project_id: str) -> dict[str, FileRecord]:
        """Return the records of a project by file id."""
        ...

    async def save(self, project_id: str, *records: FileRecord) -> None:
        """Insert or replace records of different files, all or none; durable on return."""
        ...

    async def drop(self, project_id: str, *file_ids: str) -> None:
        """Forget these files; unknown ids are fine."""
        ...


@dataclass(frozen=True, slots=True)
class KnownProject:
    """A project this installation knows."""

    project_id: str
    title: str
    indexed_at: datetime | None


class ProjectAccess(Protocol):
    """The one place that knows who may read which project."""

    async def readable_projects(
        self, principal: Principal, among: Collection[str] | None = None
    ) -> list[KnownProject]:
        """Return what `principal` may read, now; an error means nothing may be read.

        With `among`, only projects with these ids are returned, and only what they need is asked.
        Ids of projects that are not there are passed over like those that may not be read, for the
        same work.
        """
        ...
