"""Stand-in models: no weights, same answers every time."""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from math import hypot

from inference.embedding import Embedding, Output, SparseWeights
from inference.token_counts import refuse_too_long


class HashEmbedder:
    """Vectors from character pairs: equal texts agree, similar texts are near.

    Asked for, it also gives the other outputs of bge-m3: a weight for each pair, and a vector for
    each word. For tests and for trying the service on a machine without any model: it knows no
    meaning, so it declares no language.
    """

    def __init__(
        self,
        dimensions: int = 64,
        max_tokens: int = 256,
        outputs: frozenset[Output] = frozenset({"dense"}),
    ) -> None:
        self.dimensions = dimensions
        self.max_tokens = max_tokens
        self.model = f"hash-pairs@{dimensions}"
        self.languages: frozenset[str] = frozenset()
        self.outputs = outputs

    def count_tokens(self, text: str) -> int:
        """Count a token for every three characters."""
        return len(text) // 3 + 2

    async def embed_documents(self, texts: Sequence[str]) -> list[Embedding]:
        """Return one vector per text, L2 norm 1.

        Raises:
            EmbeddingInputTooLong: names the first text over `max_tokens`.
        """
        refuse_too_long(map(self.count_tokens, texts), self.max_tokens)
        return [self._embedding(text) for text in texts]

    async def embed_query(self, text: str) -> Embedding:
        """Return the same embedding as for a document."""
        return self._embedding(text)

    def _embedding(self, text: str) -> Embedding:
        return Embedding(
            self._vector(text),
            sparse=_weights(text) if "sparse" in self.outputs else None,
            colbert=[self._vector(word) for word in text.split() or [text]]
            if "colbert" in self.outputs
            else None,
        )

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.dimensions
        for pair in _pairs(text):
            vector[pair % self.dimensions] += 1.0
        norm = hypot(*vector)
        return [value / norm for value in vector]


def _weights(text: str) -> SparseWeights:
    counts = Counter(_pairs(text))
    return SparseWeights(tuple(counts), tuple(count / (count + 1) for count in counts.values()))


def _pairs(text: str) -> list[int]:
    """Return a number from 0 to 2**32 - 1 for each pair of neighbouring characters."""
    return [
        int.from_bytes(blake2b(f"{left}{right}".encode(), digest_size=4).digest())
        for left, right in pairwise(f" {text} ")
    ]
