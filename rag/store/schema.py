"""How passages lie in Qdrant, the same in process and on a server."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Final, Literal, cast

from rag.store.port import SparseVector, StoredVectors

_STORED: Final = ("sparse", "colbert_dimensions")
_SCANNED: Final = 8_000  # passages: two milliseconds at 1024 numbers
GRAPH_WIDTH: Final = 200
"""How many passages a search keeps in view on its way through a graph (`ef`)."""
SCHEMA_VERSION: Final = 2
"""Raised when a collection of the old form can no longer be searched; the index is made anew."""

DENSE: Final = "dense"
TERMS: Final = ("words", "bigrams")
"""Our BM25: the store multiplies by the inverse document frequency."""
LEARNED: Final = "sparse"
"""What the embedding model says each token counts; it knows how rare they are."""
COLBERT: Final = "colbert"

TENANT_FIELD: Final = "project_id"
PATH_FIELD: Final = "path"
"""Also asked for by its beginning."""
TIME_FIELD: Final = "modified"
KEYWORD_FIELDS: Final = ("file_id", "version", "file_type", "language", "tags")

Quantisation = Literal["none", "int8", "turbo4"]
"""`int8`: a quarter of the memory of `dense`; `turbo4`: an eighth (TurboQuant, 4 bits)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a collection has beside `dense` and our own terms."""

    sparse: bool = False
    colbert_dimensions: int | None = None
    """Length of a token's vector; None: no such vectors."""
    quantisation: Quantisation = "none"
    oversampling: float = 2.0
    """How many times the candidates are read by their quantised vectors, then by their own."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a shard of the embedded store is made for."""

    model: str
    dimensions: int
    extras: Extras

    @property
    def facts(self) -> dict[str, object]:
        """What a shard remembers of it: how vectors are quantised may change."""
        extras = asdict(self.extras)
        stored = {name: extras[name] for name in _STORED}
        return {"model": self.model, "dimensions": self.dimensions, **stored}


def full_scan_kb(dimensions: int) -> int:
    """Return the KiB of vectors up to which a filter's passages are all looked at, not a graph.

    A graph loses its way among the few that a combined filter lets through: of 2,500 in 100,000
    passages of 1024 numbers it found 74 % of the nearest ten (`python -m evals.store`).
    """
    return _SCANNED * dimensions * 4 // 1024


def vector_names(extras: Extras) -> list[str]:
    """Return the names of the vectors that a point may have."""
    learned = [LEARNED] if extras.sparse else []
    colbert = [COLBERT] if extras.colbert_dimensions is not None else []
    return [DENSE, *TERMS, *learned, *colbert]


def read_back(vectors: Mapping[str, object]) -> StoredVectors:
    """Return a point's vectors, which the store gives by name."""
    sparse = {name: each for name, each in vectors.items() if isinstance(each, SparseVector)}
    return StoredVectors(
        dense=cast("Sequence[float]", vectors.get(DENSE, ())),
        sparse=sparse.get(LEARNED),
        colbert=cast("Sequence[Sequence[float]] | None", vectors.get(COLBERT)),
        terms={name: vector for name, vector in sparse.items() if name in TERMS},
    )


def collection_name(model: str) -> str:
    """Return the name of the collection for passages embedded by `model`.

    Each model has its own, so that vectors of two models never meet in one ranking: what the
    readable part leaves out of the model's name is in the digest behind it.
    """
    slug = re.sub(r"[^a-z0-9._-]+", "_", model.lower()).strip("._-") or "model"
    digest = blake2b(model.encode(), digest_size=4).hexdigest()
    return f"docs__{slug[:80]}__{digest}__{SCHEMA_VERSION}"
