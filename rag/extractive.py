"""Answer without a model: quote the sentences of the hits that share the question's words."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from rag.citations import CheckedSentence
from rag.lexical import encode_query
from rag.models import Hit
from rag.sentences import split_sentences

_QUOTED = 3
_LONGEST_QUOTE = 400
_RANK_WEIGHT = 0.5  # the first hit's sentences count half as much again as the last one's
_FLOOR = 0.3
"""Share of the question's words and character pairs without which its best sentence is no answer.

Questions about the files share more with it, almost all of them; those about anything else less.
"""

_Term = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Candidate:
    hit: int
    order: int
    text: str
    shared: frozenset[_Term]
    weight: float


def quote_sentences(question: str, hits: Sequence[Hit]) -> list[CheckedSentence]:
    """Return up to three sentences, verbatim, in the order of their hits, each with its hit.

    A sentence scores by the question's words and character pairs that it or a heading above it
    has, those that few of the sentences have counting more; a row of a table counts as a sentence,
    a heading does not. Where the best sentence shares too little with the question, none is quoted.
    """
    asked = _terms(question)
    scored = _scored(asked, hits)
    if not scored or not _is_about(asked, scored[0][1].shared):
        return []
    best = scored[:1] + [pair for pair in scored[1:_QUOTED] if pair[0] > scored[0][0] / 2]
    in_order = sorted((each for _, each in best), key=lambda each: (each.hit, each.order))
    return [CheckedSentence(each.text, (each.hit,)) for each in in_order]


def best_sentences(question: str, hits: Sequence[Hit]) -> dict[int, str]:
    """Return each hit's best sentence by the hit's number, scored as for a quotation."""
    best: dict[int, str] = {}
    for _, candidate in _scored(_terms(question), hits):
        best.setdefault(candidate.hit, candidate.text)
    return best


def _is_about(asked: frozenset[_Term], shared: frozenset[_Term]) -> bool:
    return bool(shared) and len(shared) >= _FLOOR * len(asked)


def _scored(asked: frozenset[_Term], hits: Sequence[Hit]) -> list[tuple[float, _Candidate]]:
    """Return all sentences with their scores, best first."""
    candidates = list(_candidates(asked, hits))
    rarity = _rarity(candidates)
    return sorted(
        ((sum(map(rarity.__getitem__, each.shared)) * each.weight, each) for each in candidates),
        key=lambda pair: pair[0],
        reverse=True,
    )


def _candidates(asked: frozenset[_Term], hits: Sequence[Hit]) -> Iterator[_Candidate]:
    seen: set[str] = set()
    for position, hit in enumerate(hits):
        weight = 1 + _RANK_WEIGHT * (1 - position / len(hits))
        above = _terms(" ".join(hit.anchor.heading))
        for order, sentence in enumerate(_sentences(hit)):
            quote = sentence if len(sentence) <= _LONGEST_QUOTE else f"{sentence[:_LONGEST_QUOTE]}…"
            if quote not in seen:
                seen.add(quote)
                yield _Candidate(hit.number, order, quote, asked & (_terms(quote) | above), weight)


def _sentences(hit: Hit) -> list[str]:
    """Return a passage's sentences without its headings, unless it has nothing else."""
    sentences = split_sentences(hit.text)
    return [each for each in sentences if each not in hit.anchor.heading] or sentences


def _rarity(candidates: Sequence[_Candidate]) -> dict[_Term, float]:
    counts = Counter(term for each in candidates for term in each.shared)
    return {term: log(1 + len(candidates) / count) for term, count in counts.items()}


def _terms(text: str) -> frozenset[_Term]:
    return frozenset(
        (kind, term) for kind, vector in encode_query(text).items() for term in vector.indices
    )
