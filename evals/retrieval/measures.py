"""How good a ranking is."""

from collections.abc import Mapping, Sequence
from math import log2


def ndcg(ranking: Sequence[str], judged: Mapping[str, int], *, at: int = 10) -> float:
    """Return the normalised discounted cumulative gain of the first `at` documents, 0 to 1.

    Gain is the judged grade, discount log₂(rank + 1); a document listed twice counts once, at its
    better rank. Nothing relevant gives 0. Source: Järvelin & Kekäläinen 2002.
    """
    best = sorted((grade for grade in judged.values() if grade > 0), reverse=True)[:at]
    ideal = _discounted(best)
    listed = list(dict.fromkeys(ranking))[:at]
    return _discounted([judged.get(document, 0) for document in listed]) / ideal if ideal else 0.0


def _discounted(grades: Sequence[int]) -> float:
    return sum(grade / log2(rank + 1) for rank, grade in enumerate(grades, start=1))
