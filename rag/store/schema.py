"""How passages lie in Qdrant, the same in process and on a server."""

import re
from hashlib import blake2b
from typing import Final

SCHEMA_VERSION: Final = 1
"""Raised when a collection of the old form can no longer be searched; the index is made anew."""

DENSE: Final = "dense"
SPARSE: Final = ("words", "bigrams")
TENANT_FIELD: Final = "project_id"
KEYWORD_FIELDS: Final = ("file_id", "version")


def collection_name(model: str) -> str:
    """Return the name of the collection for passages embedded by `model`.

    Each model has its own, so that vectors of two models never meet in one ranking: what the
    readable part leaves out of the model's name is in the digest behind it.
    """
    slug = re.sub(r"[^a-z0-9._-]+", "_", model.lower()).strip("._-") or "model"
    digest = blake2b(model.encode(), digest_size=4).hexdigest()
    return f"docs__{slug[:80]}__{digest}__{SCHEMA_VERSION}"
