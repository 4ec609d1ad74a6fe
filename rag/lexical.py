"""Texts as sparse vectors of words and of character pairs, so that BM25 runs inside the store.

The store multiplies by the inverse document frequency; here is the rest of the formula
(Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond").
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from rag.store.port import SparseVector
from rag.tokens import japanese, spaced
from rag.tokens.quantities import quantities

LEXICAL_VERSION: Final = "3"
"""Raised when the same text gives other vectors: everything is then indexed again."""

_NAME_WEIGHT: Final = 2
_NAME: Final = re.compile(r"\d[^\d.]|[^\d.]\d")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


@dataclass(frozen=True, slots=True)
class Saturation:
    """How a term's weight grows with its count, and shrinks with the length of its text."""

    k1: float
    b: float
    mean_length: float

    def weight(self, count: int, length: int) -> float:
        """Return the document side of BM25 for a term."""
        damping = self.k1 * (1 - self.b + self.b * length / self.mean_length)
        return count * (self.k1 + 1) / (count + damping)


# Chosen on Cranfield, XQuAD, JSQuAD and JaQuAD together (`fumikura eval retrieval` prints them).
# The mean lengths are constants, so that adding a document never changes another one's vectors.
WORDS: Final = Saturation(k1=0.75, b=0.6, mean_length=80)
BIGRAMS: Final = Saturation(k1=0.75, b=0.6, mean_length=250)


def encode_document(text: str) -> dict[str, SparseVector]:
    """Return the vectors `words` and `bigrams` of a passage; either may be empty."""
    normal = _normal(text)
    return {
        "words": _weighted(_words(normal), WORDS),
        "bigrams": _weighted(japanese.bigrams(normal), BIGRAMS),
    }


def encode_query(text: str) -> dict[str, SparseVector]:
    """Return the vectors `words` and `bigrams` of a query: each term as often as it was asked.

    A name with digits in it, A-12 or 24 h, is what a searcher is surest of: it counts twice.
    """
    normal = _normal(text)
    words: list[str] = []
    for term in _words(normal):
        words += [term] * (_NAME_WEIGHT if _NAME.search(term) else 1)
    return {"words": _asked(words), "bigrams": _asked(japanese.bigrams(normal))}


def _asked(terms: Iterable[str]) -> SparseVector:
    return _vector({term: float(count) for term, count in _counted(terms).items()})


def _normal(text: str) -> str:
    return _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).casefold())


def _words(normal: str) -> Iterable[str]:
    yield from japanese.words(normal)
    yield from spaced.words(normal)
    yield from quantities(normal)


def _counted(terms: Iterable[str]) -> Counter[int]:
    return Counter(map(_term_id, terms))


def _weighted(terms: Iterable[str], saturation: Saturation) -> SparseVector:
    counts = _counted(terms)
    length = counts.total()
    return _vector({term: saturation.weight(count, length) for term, count in counts.items()})


def _vector(weights: dict[int, float]) -> SparseVector:
    ids = sorted(weights)
    return SparseVector(ids, [weights[term] for term in ids])


@lru_cache(maxsize=262_144)
def _term_id(term: str) -> int:
    """Return a 32-bit id, the same in every process; among 10⁵ terms one pair or so collides."""
    return int.from_bytes(blake2b(term.encode(), digest_size=4).digest())
