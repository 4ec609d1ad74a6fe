"""How passages lie in Qdrant, the same in process and on a server."""

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Literal

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


def collection_name(model: str) -> str:
    """Return the name of the collection for passages embedded by `model`.

    Each model has its own, so that vectors of two models never meet in one ranking: what the
    readable part leaves out of the model's name is in the digest behind it.
    """
    slug = re.sub(r"[^a-z0-9._-]+", "_", model.lower()).strip("._-") or "model"
    digest = blake2b(model.encode(), digest_size=4).hexdigest()
    return f"docs__{slug[:80]}__{digest}__{SCHEMA_VERSION}"
