"""Merge the scores of several retrievers into one ranking, each trusted as far as it deserves."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final, overload

# Chosen with MiniLM on the collections that `fumikura eval retrieval` prints. A retriever that
# does not know the language gets nothing: rank fusion that gives an English model an equal say
# drops nDCG@10 on JSQuAD from .955 to .537.
_DENSE_SHARE: Final = 0.5
_LEXICAL: Final = {"words": 0.65, "bigrams": 0.35}
# Learned term weights count .3 of what the dense vector counts, as where they were published: Chen
# et al. 2024, "M3-Embedding", table 1. No model that has them was at hand to measure more.
_LEARNED_SHARE: Final = 0.3 * _DENSE_SHARE


@dataclass(frozen=True, slots=True)
class Fused:
    """A passage with its fused score, and what each retriever that returned it gave."""

    id: str
    score: float
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Ranking(Sequence[Fused]):
    """Passages best first; each is put together when it is looked at."""

    scores: Mapping[str, float]
    """Fused, by passage id, best first."""
    found: Mapping[str, Mapping[str, float]]
    """What each retriever gave, by its name and passage id."""

    @overload
    def __getitem__(self, place: int) -> Fused: ...
    @overload
    def __getitem__(self, place: slice) -> list[Fused]: ...
    def __getitem__(self, place: int | slice) -> Fused | list[Fused]:
        ids = list(self.scores)
        return (
            list(map(self._fused, ids[place]))
            if isinstance(place, slice)
            else self._fused(ids[place])
        )

    def __iter__(self) -> Iterator[Fused]:
        return map(self._fused, self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def _fused(self, passage: str) -> Fused:
        parts = {name: scores[passage] for name, scores in self.found.items() if passage in scores}
        return Fused(passage, self.scores[passage], parts)


NOTHING: Final = Ranking({}, {})


def shares(known: float, *, asked: AbstractSet[str]) -> dict[str, float]:
    """Return what each retriever that is `asked` counts; the shares sum to 1.

    `known` is how much of the query the embedding model understands, from 0 to 1: its dense vector,
    and with it the learned weights (`sparse`), counts as much less. What they leave is for the
    terms, `words` and `bigrams`. Nothing asked gives no shares.
    """
    learned = {"dense": _DENSE_SHARE * known, "sparse": _LEARNED_SHARE * known}
    weights = {name: learned[name] for name in learned.keys() & asked}
    lexical = _LEXICAL.keys() & asked
    left = 1 - sum(weights.values()) if lexical else 0.0
    whole = sum(_LEXICAL[name] for name in lexical)
    weights |= {name: left * _LEXICAL[name] / whole for name in lexical}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def fuse_scores(
    found: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
    *,
    most: int | None = None,
) -> Ranking:
    """Order passages by the weighted sum of their scores, each retriever's best counted as 1.

    `found` holds each retriever's scores by passage id. No fused score is above 1 where `weights`
    sum to 1. Equal ones are ordered by id: a ranking never depends on the order of arrival. `most`
    is how many of the best are wanted: all when absent.
    """
    total: dict[str, float] = {}
    for name, scores in found.items():
        best = max(scores.values(), default=0.0)
        weight = weights[name]
        for passage, score in scores.items():
            counted = weight * (score / best) if score > 0 else 0.0
            total[passage] = total.get(passage, 0.0) + counted

    def place(passage: str) -> tuple[float, str]:
        return -total[passage], passage

    ranking = sorted(total, key=place) if most is None else nsmallest(most, total, key=place)
    return Ranking({passage: min(total[passage], 1.0) for passage in ranking}, found)
