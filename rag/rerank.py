"""What reads the best passages again, together with the query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from rag.ports import Embedder
from rag.problems import NoTokenVectors
from rag.store.port import AccessFilter, PassageFilter, VectorQuery, VectorStore

_LEAST: Final = -1.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage to be read again."""

    passage_id: str
    text: str


class Reranker(Protocol):
    """Scores passages for a query; higher is better."""

    @property
    def model(self) -> str:
        """The model's name, for provenance."""
        ...

    async def scores(
        self, query: str, candidates: Sequence[Candidate], *, access: AccessFilter
    ) -> list[float]:
        """Return a score for each candidate, in order.

        Raises:
            Problem: it does not answer.
        """
        ...


class TextScorer(Protocol):
    """What a model that reads texts beside a query must do, such as a cross-encoder."""

    @property
    def model(self) -> str:
        """The model's name."""
        ...

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return a score for each text, in order; higher is better.

        Raises:
            Problem: it does not answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReranker:
    """Implements `Reranker` with a model that reads the passages' texts."""

    scorer: TextScorer

    @property
    def model(self) -> str:
        """The scorer's model."""
        return self.scorer.model

    async def scores(
        self,
        query: str,
        candidates: Sequence[Candidate],
        *,
        access: AccessFilter,  # noqa: ARG002 - the texts are at hand already
    ) -> list[float]:
        """Return what the scorer gives."""
        return await self.scorer.scores(query, [candidate.text for candidate in candidates])


@dataclass(frozen=True, slots=True, kw_only=True)
class ColbertReranker:
    """Implements `Reranker` by late interaction, over the vectors of each token in the store.

    Source: Khattab & Zaharia 2020, "ColBERT"; divided by the query's tokens as in Chen et al.
    2024, "M3-Embedding".
    """

    embedder: Embedder
    store: VectorStore

    @property
    def model(self) -> str:
        """The embedding model, and in which way."""
        return f"{self.embedder.model} (ColBERT)"

    async def scores(
        self, query: str, candidates: Sequence[Candidate], *, access: AccessFilter
    ) -> list[float]:
        """Return the mean over the query's tokens of what each finds nearest; from -1 to 1.

        A passage that has gone from the store meanwhile gets the least.

        Raises:
            NoTokenVectors: the passages have none in the store, or the model gives none.
            Problem: the model or the store does not answer.
        """
        if not candidates:
            return []
        vectors = (await self.embedder.embed_query(query)).colbert
        if not vectors:
            raise NoTokenVectors(self.embedder.model)
        ids = [candidate.passage_id for candidate in candidates]
        asked = VectorQuery("colbert", vectors, len(ids))
        only = PassageFilter(passage_ids=frozenset(ids))
        (found,) = await self.store.search([asked], access=access, only=only)
        if not found:
            raise NoTokenVectors(self.embedder.model)
        return [found[id_] / len(vectors) if id_ in found else _LEAST for id_ in ids]
