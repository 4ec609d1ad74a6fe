"""Stand-in models: no weights, same answers every time."""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from math import hypot

from inference.problems import EmbeddingInputTooLong


class HashEmbedder:
    """Vectors from character pairs: equal texts agree, similar texts are near.

    For tests and for trying the service on a machine without any model: it knows no meaning, so it
    declares no language.
    """

    def __init__(self, dimensions: int = 64, max_tokens: int = 256) -> None:
        self.dimensions = dimensions
        self.max_tokens = max_tokens
        self.model = f"hash-pairs@{dimensions}"
        self.languages: frozenset[str] = frozenset()

    def count_tokens(self, text: str) -> int:
        """Count a token for every three characters."""
        return len(text) // 3 + 2

    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return one vector per text, L2 norm 1.

        Raises:
            EmbeddingInputTooLong: names the first text over `max_tokens`.
        """
        for index, text in enumerate(texts):
            if self.count_tokens(text) > self.max_tokens:
                raise EmbeddingInputTooLong(index, max_tokens=self.max_tokens)
        return [self._vector(text) for text in texts]

    async def embed_query(self, text: str) -> list[float]:
        """Return the same vector as for a document."""
        return self._vector(text)

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dimensions
        for left, right in pairwise(f" {text} "):
            digest = blake2b(f"{left}{right}".encode(), digest_size=4).digest()
            vector[int.from_bytes(digest) % self.dimensions] += 1.0
        norm = hypot(*vector)
        return [value / norm for value in vector]
