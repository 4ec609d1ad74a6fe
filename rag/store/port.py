"""What a vector store must do: keep passages, and search them within an access filter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from rag.fusion import Ranking


@dataclass(frozen=True, slots=True)
class AccessFilter:
    """The projects a search may see. Built by `rag.access` alone (tested); empty means nothing."""

    project_ids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageFilter:
    """What a searcher wants of what may be seen: all conditions at once, any value of each.

    An empty condition lets everything through. `path_prefixes` are matched from the start of the
    path, `data/2024` also `data/2024-05.csv`. Times are aware; `modified_before` is exclusive; a
    passage whose file has no time of modification is outside every range.
    """

    file_types: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    path_prefixes: frozenset[str] = frozenset()
    modified_from: datetime | None = None
    modified_before: datetime | None = None
    passage_ids: frozenset[str] = frozenset()

    @property
    def labels(self) -> dict[str, frozenset[str]]:
        """The labels that are asked for, by their payload fields."""
        asked = {"file_type": self.file_types, "language": self.languages, "tags": self.tags}
        return {field: values for field, values in asked.items() if values}


ANY: Final = PassageFilter()


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Token ids and weights; ids unique."""

    indices: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A passage: `id` is a UUID, `payload` holds at least `project_id`, `file_id` and `version`."""

    id: str
    dense: Sequence[float] | None
    sparse: Mapping[str, SparseVector]
    payload: Mapping[str, Any]
    colbert: Sequence[Sequence[float]] | None = None


@dataclass(frozen=True, slots=True)
class VectorQuery:
    """The nearest points in one named vector: `dense`, `words`, `bigrams`, `sparse`, `colbert`.

    A vector for each token of the query asks `colbert`, which answers with the sum of the best
    similarities (MaxSim).
    """

    using: str
    vector: Sequence[float] | SparseVector | Sequence[Sequence[float]]
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridQuery:
    """A query by several vectors, whose scores are weighed and added."""

    vectors: Mapping[str, Sequence[float] | SparseVector]
    """By the name of the stored vector that each is compared with."""
    weights: Mapping[str, float]
    """What each counts."""
    found: Mapping[str, Mapping[str, float]]
    """The scores of those vectors with which the store was already searched, by passage id."""
    read: int = 0
    """How many of the best passages are fetched with the ranking."""


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A point as it lies in the store."""

    id: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVectors:
    """A point's vectors as the store keeps them; implements `rag.ports.Embedding`.

    A cosine needs their direction alone: the length of `dense` and `colbert` has become 1, and
    they can be written again for what they were.
    """

    dense: Sequence[float]
    """Empty where the point has none."""
    sparse: SparseVector | None = None
    colbert: Sequence[Sequence[float]] | None = None
    terms: Mapping[str, SparseVector]
    """The vectors `words` and `bigrams`, before the inverse document frequency."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ranking, and its best passages as far as they were to be read."""

    ranking: Ranking
    best: Sequence[StoredPoint] = ()


class VectorStore(Protocol):
    """One collection: one embedding model, all projects.

    Raises `StoreLocked` on opening where another process holds it, `ServiceUnreachable` where a
    server does not answer.
    """

    async def upsert(self, points: Sequence[Point]) -> None:
        """Insert or replace points by id."""
        ...

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        """Delete a file's points, but for those of one version."""
        ...

    async def delete_project(self, project_id: str) -> None:
        """Delete all points of a project."""
        ...

    async def search(
        self, queries: Sequence[VectorQuery], *, access: AccessFilter, only: PassageFilter = ANY
    ) -> list[dict[str, float]]:
        """Run all queries as one batch, each inside `access` and `only`.

        Returns for each the scores of what it found by id, best first; higher ones are better.

        `words` and `bigrams` are weighted in the store by inverse document frequency, counted over
        the points inside `access` alone: a score says nothing about what the caller may not read.
        """
        ...

    async def rank(
        self, query: HybridQuery, *, access: AccessFilter, only: PassageFilter = ANY
    ) -> Ranked:
        """Search with all vectors of a query, as `rag.hybrid` describes it, inside `access`."""
        ...

    async def fetch(self, ids: Sequence[str], *, access: AccessFilter) -> list[StoredPoint]:
        """Return the points with these ids, in any order; those outside `access` are left out."""
        ...

    async def file_points(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> list[StoredPoint]:
        """Return a file's points in reading order (payload `ordinal`)."""
        ...

    async def file_vectors(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        """Return the vectors of a file's points by id; points without `dense` are left out."""
        ...

    async def vectors(
        self, ids: Sequence[str], *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        """Return the vectors of these points by id; those outside `access` are left out."""
        ...

    async def count(self, *, access: AccessFilter) -> int:
        """Count the points inside `access`."""
        ...

    async def flush(self) -> None:
        """Return when everything written so far would survive a power cut."""
        ...

    async def close(self) -> None:
        """Release the store."""
        ...
