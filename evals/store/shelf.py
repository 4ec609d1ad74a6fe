"""Made-up passages: clustered vectors, 60 terms each, labels, a Japanese text of 600 characters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from rag.store.port import Point, SparseVector

_CLUSTERS: Final = 500
_SPREAD: Final = 0.6  # of the noise around a cluster's centre, whose length is 1
_TERMS: Final = 60
_VOCABULARY: Final = 100_000
_TEXT: Final = "溶体化処理した試験片を時効し、硬さと引張強さを測定した結果を示す。" * 18
PROJECTS: Final = 50
_TYPES: Final = ("pdf", "xlsx", "csv", "ipynb", "md", "docx")
_YEARS: Final = range(2015, 2025)


@dataclass(frozen=True, slots=True)
class MadeUp:
    """Always the same passages for the same size."""

    chunks: int
    dimensions: int

    def vectors(self) -> NDArray[np.float32]:
        """Return all vectors, a row each, L2 norm 1."""
        return self._drawn(self.chunks, seed=1)

    def queries(self, count: int) -> NDArray[np.float32]:
        """Return vectors from the same clusters, none of them a passage's."""
        return self._drawn(count, seed=2)

    def _drawn(self, count: int, *, seed: int) -> NDArray[np.float32]:
        centres = _unit(np.random.default_rng(0).standard_normal((_CLUSTERS, self.dimensions)))
        random = np.random.default_rng(seed)
        chosen = centres[random.integers(0, _CLUSTERS, count)]
        noise = random.standard_normal((count, self.dimensions)) * (
            _SPREAD / np.sqrt(self.dimensions)
        )
        return _unit(chosen + noise)

    def points(self, vectors: NDArray[np.float32], start: int, end: int) -> list[Point]:
        """Return the passages from `start` to before `end`."""
        random = np.random.default_rng(start + 3)
        return [
            Point(
                id=point_id(number),
                dense=vectors[number].tolist(),
                sparse={"words": _terms(random)},
                payload={**labels(number), "text": _TEXT, "version": "1", "ordinal": 0},
            )
            for number in range(start, end)
        ]


def labels(number: int) -> Mapping[str, Any]:
    """Return what passage `number` is filtered by."""
    mixed = number * 2_654_435_761 % 2**32  # Knuth: labels that have nothing to do with each other
    kind = _TYPES[mixed % 997 % len(_TYPES)]
    year = _YEARS[mixed % 991 % len(_YEARS)]
    return {
        "project_id": f"project-{mixed % 983 % PROJECTS}",
        "file_id": f"file-{number}",
        "path": f"data/{year}/run-{mixed % 977 % 40}/{number}.{kind}",
        "file_type": kind,
        "language": "ja" if mixed % 971 % 4 else "en",
        "tags": [f"tag-{mixed % 967 % 30}", f"tag-{mixed % 953 % 30}"],
        "modified": f"{year}-{mixed % 947 % 12 + 1:02}-15T00:00:00+00:00",
    }


def point_id(number: int) -> str:
    """Return the id of passage `number`."""
    return str(UUID(int=number + 1))


def batches(chunks: int, size: int = 1_000) -> Iterator[tuple[int, int]]:
    """Yield `(start, end)` of what is written at once."""
    return ((start, min(start + size, chunks)) for start in range(0, chunks, size))


def _terms(random: np.random.Generator) -> SparseVector:
    drawn: Sequence[int] = np.unique(random.zipf(1.3, _TERMS) % _VOCABULARY).tolist()
    return SparseVector(drawn, [1.0] * len(drawn))


def _unit(rows: NDArray[Any]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(
        np.float32
    )
    return unit
