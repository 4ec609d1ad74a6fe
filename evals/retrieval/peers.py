"""What others do, measured beside the shipped search."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import Final

_K1: Final = 1.5  # the defaults of the usual libraries
_B: Final = 0.75
_RANK_DAMPING: Final = 60


class WhitespaceBm25:
    """BM25 over what stands between spaces, in lower case: the default of English analysers.

    Source: Robertson & Zaragoza 2009, with the never negative IDF of Lucene.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Index `texts`, by document id."""
        counted = {document: Counter(text.lower().split()) for document, text in texts.items()}
        mean = sum(counts.total() for counts in counted.values()) / max(len(counted), 1)
        self._postings: dict[str, dict[str, float]] = defaultdict(dict)
        for document, counts in counted.items():
            damping = _K1 * (1 - _B + _B * counts.total() / mean) if mean else 0.0
            for word, count in counts.items():
                self._postings[word][document] = count * (_K1 + 1) / (count + damping)
        self._size = len(counted)

    def rank(self, query: str) -> list[str]:
        """Return the ids of the documents that share a word with `query`, best first."""
        scores = self.scores(query)
        return sorted(scores, key=lambda document: (-scores[document], document))

    def scores(self, query: str) -> dict[str, float]:
        """Return the score of each document that shares a word with `query`."""
        scores: dict[str, float] = defaultdict(float)
        for word in query.lower().split():
            holders = self._postings.get(word, {})
            idf = log(1 + (self._size - len(holders) + 0.5) / (len(holders) + 0.5))
            for document, weight in holders.items():
                scores[document] += idf * weight
        return dict(scores)


def fuse_ranks(rankings: Iterable[Sequence[str]]) -> list[str]:
    """Order ids by the sum of `1 / (60 + rank)` over all rankings: an equal say for each.

    Ranks count from 1; ties keep the order of first appearance. Source: Cormack, Clarke &
    Büttcher 2009, "Reciprocal Rank Fusion".
    """
    score: dict[str, float] = {}
    for ranking in rankings:
        for rank, document in enumerate(ranking, start=1):
            score[document] = score.get(document, 0.0) + 1 / (_RANK_DAMPING + rank)
    return sorted(score, key=score.__getitem__, reverse=True)
