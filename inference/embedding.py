"""What a text becomes: the outputs of an embedding model, as `rag.ports` asks for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Output = Literal["dense", "sparse", "colbert"]
"""What a model can give: every one gives `dense`, bge-m3 also the other two."""

ALL_OUTPUTS: Final[frozenset[Output]] = frozenset({"dense", "sparse", "colbert"})
_SAYS_NOTHING: Final = frozenset({0, 1, 2, 3})
"""`<s>`, `<pad>`, `</s>` and `<unk>` in the vocabulary of XLM-R, which bge-m3 has."""


@dataclass(frozen=True, slots=True)
class SparseWeights:
    """Learned weights by token id of the model's vocabulary; ids unique, weights above 0."""

    indices: Sequence[int]
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class Embedding:
    """Implements `rag.ports.Embedding`."""

    dense: Sequence[float]
    sparse: SparseWeights | None = None
    colbert: Sequence[Sequence[float]] | None = None


def learned_weights(tokens: Iterable[tuple[int, float]]) -> SparseWeights:
    """Return the greatest weight of each token id, without special tokens and without zeros.

    Source: Chen et al. 2024, "M3-Embedding" (lexical weights), as FlagEmbedding computes them.
    """
    greatest: dict[int, float] = {}
    for token, weight in tokens:
        if weight > 0 and token not in _SAYS_NOTHING:
            greatest[token] = max(weight, greatest.get(token, 0.0))
    return SparseWeights(tuple(greatest), tuple(greatest.values()))
