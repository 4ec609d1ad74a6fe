"""Passages of several projects in an embedded store, of which the searcher may read most."""

import asyncio
from collections.abc import Callable, Sequence
from collections.abc import Collection as AnyCollection
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contracts.principal import Principal
from evals.query_speed.texts import Texts
from inference.embedding import Embedding
from rag.ingest import points_of
from rag.language import MULTILINGUAL, guess_language
from rag.models import Anchor
from rag.passages import StoredPassage
from rag.ports import Embedder, KnownProject
from rag.store.edge import EdgeStore
from rag.store.port import VectorStore

SEARCHER: Final = Principal(id="searcher", name="Evaluation", scopes=frozenset({"read"}))
LIMIT: Final = 10
"""Hits that are asked for, of us and of the peer."""
_BATCH: Final = 256
_PASSAGES_A_FILE: Final = 10
_NOISE: Final = 0.02  # of each number: turns a vector of 384 by a cosine of about .93


@dataclass(frozen=True, slots=True)
class Readable:
    """Implements `rag.ports.ProjectAccess`: the searcher may read these projects."""

    project_ids: frozenset[str]

    async def readable_projects(
        self, principal: Principal, among: AnyCollection[str] | None = None
    ) -> list[KnownProject]:
        """Return them, or those of `among`."""
        readable = self.project_ids if principal == SEARCHER else frozenset[str]()
        if among is not None:
            readable = readable.intersection(among)
        return [KnownProject(project, project, None) for project in sorted(readable)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Any many passages; each text is embedded once, its variations get a vector near that."""

    texts: Texts
    embedded: NDArray[np.float32]
    """The vectors of `texts.passages`, a row each."""
    projects: Sequence[str]
    model: str
    known: frozenset[str]
    """Languages that the model knows: passages in others get no vector, as when indexed."""

    @classmethod
    async def embed(
        cls,
        texts: Texts,
        embedder: Embedder,
        *,
        projects: Sequence[str],
        tick: Callable[[int], None],
    ) -> "Shelf":
        """Embed every text once; one that the model cannot read whole is cut."""
        vectors: list[Sequence[float]] = []
        passages = [_fitting(text, embedder) for text in texts.passages]
        for start in range(0, len(passages), _BATCH):
            found = await embedder.embed_documents(passages[start : start + _BATCH])
            vectors += [each.dense for each in found]
            tick(len(found))
        return cls(
            texts=Texts(passages, texts.queries, texts.source),
            embedded=np.array(vectors, np.float32),
            projects=projects,
            model=embedder.model,
            known=embedder.languages,
        )

    @property
    def readable(self) -> Readable:
        """Access to all projects but the last one."""
        return Readable(frozenset(self.projects[:-1]))

    async def fill(
        self, store: VectorStore, *, first: int, last: int, tick: Callable[[int], None]
    ) -> float:
        """Write passages `first` to before `last` as the service does, and make them durable.

        Returns the seconds for that: to count terms and write, not to make up passages.
        """
        seconds = 0.0
        for start in range(first, last, _BATCH):
            numbers = range(start, min(start + _BATCH, last))
            passages = [self._passage(number) for number in numbers]
            embeddings = [
                self._embedding(number, passage.language)
                for number, passage in zip(numbers, passages, strict=True)
            ]
            began = perf_counter()
            await store.upsert(await asyncio.to_thread(points_of, passages, embeddings))
            seconds += perf_counter() - began
            tick(len(numbers))
        began = perf_counter()
        await store.flush()
        return seconds + perf_counter() - began

    def vector(self, number: int) -> NDArray[np.float32]:
        """Return the vector of passage `number`, L2 norm 1."""
        vector: NDArray[np.float32] = self.embedded[number % len(self.embedded)]
        if number < len(self.embedded):
            return vector
        noise = np.random.default_rng(number).normal(0, _NOISE, len(vector))
        turned: NDArray[np.float32] = vector + noise.astype(np.float32)
        return turned / np.float32(np.linalg.norm(turned))

    def _embedding(self, number: int, language: str) -> Embedding | None:
        if not self.known & {language, MULTILINGUAL}:
            return None
        return Embedding(self.vector(number).tolist())

    def _passage(self, number: int) -> StoredPassage:
        text = self.texts.passage(number)
        file, ordinal = divmod(number, _PASSAGES_A_FILE)
        return StoredPassage(
            project_id=self.projects[file % len(self.projects)],
            file_id=f"file-{file}",
            version="1",
            ordinal=ordinal,
            total=_PASSAGES_A_FILE,
            path=f"data/{file % 100:02}/file-{file}.md",
            anchor=Anchor(start=0, end=len(text)),
            kind="text",
            language=guess_language(text),
            text=text,
            embedding_model=self.model,
        )


async def open_store(folder: Path, embedder: Embedder) -> EdgeStore:
    """Open the embedded store of a data folder, as the service does."""
    return await EdgeStore.open(
        folder / "store", model=embedder.model, dimensions=embedder.dimensions
    )


def _fitting(text: str, embedder: Embedder) -> str:
    while embedder.count_tokens(text) > embedder.max_tokens:
        text = text[: len(text) * 9 // 10]
    return text
