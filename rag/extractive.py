"""Answer without a model: quote the sentences of the hits that share the question's words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.citations import CheckedSentence
from rag.lexical import encode_query
from rag.models import Hit
from rag.sentences import split_sentences

_QUOTED = 3
_LONGEST_QUOTE = 400
_RANK_WEIGHT = 0.5  # the first hit's sentences count half as much again as the last one's


@dataclass(frozen=True, slots=True)
class _Candidate:
    hit: int
    order: int
    text: str
    score: float


def quote_sentences(question: str, hits: Sequence[Hit]) -> list[CheckedSentence]:
    """Return up to three sentences, verbatim, in the order of their hits, each with its hit.

    A sentence scores by the share of the question's words and character pairs that it has; a row of
    a table counts as a sentence. Where no sentence has any, the best hit's first one is quoted.
    """
    asked = _terms(question)
    candidates = sorted(
        _candidates(asked, hits), key=lambda candidate: candidate.score, reverse=True
    )
    best = candidates[:1] + [c for c in candidates[1:_QUOTED] if c.score > candidates[0].score / 2]
    in_order = sorted(best, key=lambda candidate: (candidate.hit, candidate.order))
    return [CheckedSentence(candidate.text, (candidate.hit,)) for candidate in in_order]


def _candidates(asked: frozenset[tuple[str, int]], hits: Sequence[Hit]) -> Iterator[_Candidate]:
    seen: set[str] = set()
    for position, hit in enumerate(hits):
        weight = 1 + _RANK_WEIGHT * (1 - position / len(hits))
        for order, sentence in enumerate(split_sentences(hit.text)):
            quote = sentence if len(sentence) <= _LONGEST_QUOTE else f"{sentence[:_LONGEST_QUOTE]}…"
            if quote in seen:
                continue
            seen.add(quote)
            share = len(asked & _terms(quote)) / max(len(asked), 1)
            yield _Candidate(hit.number, order, quote, share * weight)


def _terms(text: str) -> frozenset[tuple[str, int]]:
    return frozenset(
        (kind, term) for kind, vector in encode_query(text).items() for term in vector.indices
    )
