"""Merge the scores of several retrievers into one ranking, each trusted as far as it deserves."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

MULTILINGUAL: Final = "*"

# Shares of each retriever, chosen with MiniLM on the collections that `python -m evals.retrieval`
# prints. A retriever that does not know the language gets nothing: rank fusion that gives an
# English model an equal say drops nDCG@10 on JSQuAD from .955 to .537.
_LEXICAL: Final = {"words": 0.65, "bigrams": 0.35}
_DENSE_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Fused:
    """A passage with its fused score, and what each retriever that returned it gave."""

    id: str
    score: float
    parts: Mapping[str, float]


def shares(
    language: str, *, lexical: AbstractSet[str], trusted: AbstractSet[str]
) -> dict[str, float]:
    """Return what each retriever counts for a query in `language`; the shares sum to 1.

    `lexical` are those of `words` and `bigrams` that find terms in the query. `trusted` are the
    languages the embedder knows, or `{"*"}`: one that does not know the query's language is left
    out altogether, so that it need not even be asked. Nothing to ask gives no shares.
    """
    knows = bool(trusted & {language, MULTILINGUAL})
    dense = (_DENSE_SHARE if lexical else 1.0) if knows else 0.0
    whole = sum(_LEXICAL[name] for name in lexical)
    weights = {name: (1 - dense) * _LEXICAL[name] / whole for name in lexical}
    return weights | ({"dense": dense} if knows else {})


def fuse_scores(
    found: Mapping[str, Mapping[str, float]], weights: Mapping[str, float]
) -> list[Fused]:
    """Order passages by the weighted sum of their scores, each retriever's best counted as 1.

    `found` holds each retriever's scores by passage id. No fused score is above 1 where `weights`
    sum to 1. Equal ones are ordered by id: a ranking never depends on the order of arrival.
    """
    total: dict[str, float] = {}
    for name, scores in found.items():
        best = max(scores.values(), default=0.0)
        for passage, score in scores.items():
            normal = max(score, 0.0) / best if best > 0 else 0.0
            total[passage] = total.get(passage, 0.0) + weights[name] * normal
    ranking = sorted(total, key=lambda passage: (-total[passage], passage))
    return [Fused(passage, min(total[passage], 1.0), _parts(passage, found)) for passage in ranking]


def _parts(passage: str, found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {name: scores[passage] for name, scores in found.items() if passage in scores}
