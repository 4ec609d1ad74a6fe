"""How far two implementations of one model are apart, and the environments of the other ones."""

import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import pytest

from inference.embedding import Embedding, SparseWeights
from tests.inference.tiny_bge_m3 import CORPUS

TEXTS = [
    *CORPUS[::9],
    "unknown 龍 <unk> and </s> special <s> tokens",
    "",
    " ".join(CORPUS)[:600],
    "steel steel steel 鋼鋼鋼",
]
"""Short and long, in both languages, with what a tokenizer may stumble over."""


def environment_python(variable: str, folder: str, target: str) -> Path:
    """Return the interpreter of an environment beside ours, or skip loudly."""
    default = Path(__file__).parents[2] / folder / "bin" / "python"
    python = Path(os.environ.get(variable, default))
    if not python.is_file():
        pytest.skip(
            f"{target.upper()} NOT TESTED: no {python} (`make {target}`, or set {variable})"
        )
    return python


def apart(ones: Sequence[Embedding], others: Sequence[Embedding]) -> dict[str, float]:
    """Return the greatest difference of any number, by output; shapes must agree."""
    greatest = {"dense": 0.0, "sparse": 0.0, "colbert": 0.0}
    for one, other in zip(ones, others, strict=True):
        found = {
            "dense": _between(one.dense, other.dense),
            "sparse": _between_weights(one.sparse, other.sparse),
            "colbert": _between(_flat(one.colbert), _flat(other.colbert)),
        }
        greatest = {name: max(greatest[name], value) for name, value in found.items()}
    return greatest


def _between(one: Sequence[float], other: Sequence[float]) -> float:
    return max((abs(left - right) for left, right in zip(one, other, strict=True)), default=0.0)


def _between_weights(one: SparseWeights | None, other: SparseWeights | None) -> float:
    """Take a token that has no weight for one of weight 0."""
    assert one is not None
    assert other is not None
    left, right = (dict(zip(each.indices, each.values, strict=True)) for each in (one, other))
    tokens = left.keys() | right.keys()
    return max((abs(left.get(token, 0) - right.get(token, 0)) for token in tokens), default=0.0)


def _flat(rows: Sequence[Sequence[float]] | None) -> list[float]:
    assert rows
    return list(chain.from_iterable(rows))
