"""What the best passages say, added to the query that found them (pseudo-relevance feedback).

Dense vectors move towards those passages (Rocchio 1971); words gain terms that the passages have
(RM3: Abdul-Jaleel et al. 2004, "UMass at TREC 2004"). It is worth most where many passages answer a
query, and costs next to nothing where one does.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from rag.fusion import Fused
from rag.store.port import SparseVector, StoredVectors

Vectors = Mapping[str, Sequence[float] | SparseVector]
"""A query's vectors, by the name of the stored vector that each is compared with."""

HEARD: Final = 5
"""How many of the best passages have a say."""

# Flat optima on the four shared collections: halving or doubling any one costs under .005.
_SHARPNESS: Final = 12  # a passage at .9 of the best score says a quarter of what the best one does
_DENSE_WEIGHT: Final = 0.5
_TERMS_WEIGHT: Final = 0.5  # of all added terms together; those that were asked weigh 1
_ADDED_TERMS: Final = 20


def say(ranking: Sequence[Fused]) -> dict[str, float]:
    """Return what each of the best passages counts, by id; the sum is 1 where there is one.

    Where one passage stands out, it is nearly alone: others could only lead away from it.
    """
    best = [each for each in ranking[:HEARD] if each.score > 0]
    weights = {each.id: (each.score / best[0].score) ** _SHARPNESS for each in best}
    whole = sum(weights.values())
    return {passage: weight / whole for passage, weight in weights.items()}


def with_feedback(
    query: Vectors, passages: Mapping[str, StoredVectors], say: Mapping[str, float]
) -> dict[str, Sequence[float] | SparseVector]:
    """Return those vectors of the query that the passages change, changed; `say` as they count."""
    changed: dict[str, Sequence[float] | SparseVector] = {}
    for name, vector in query.items():
        if not isinstance(vector, SparseVector):
            dense = {passage: stored.dense for passage, stored in passages.items() if stored.dense}
            changed[name] = moved(vector, dense, say)
        elif terms := {
            passage: stored.terms[name]
            for passage, stored in passages.items()
            if name in stored.terms
        }:
            changed[name] = expanded(vector, terms, say)
    return changed


def moved(
    query: Sequence[float], passages: Mapping[str, Sequence[float]], say: Mapping[str, float]
) -> list[float]:
    """Return the query's vector, of length 1 like the passages', moved towards them.

    Only its direction has a meaning. A passage whose vector is not known is passed over.
    """
    vector = list(query)
    for passage, numbers in passages.items():
        weight = _DENSE_WEIGHT * say[passage]
        vector = [own + weight * other for own, other in zip(vector, numbers, strict=True)]
    return vector


def expanded(
    query: SparseVector, passages: Mapping[str, SparseVector], say: Mapping[str, float]
) -> SparseVector:
    """Return the query's terms and the strongest ones of the passages, by term id.

    Frequent terms among them do no harm: the store knows how rare each is.
    """
    strength: dict[int, float] = defaultdict(float)
    for passage, vector in passages.items():
        for term, weight in zip(vector.indices, vector.values, strict=True):
            strength[term] += say[passage] * weight
    added = sorted(strength, key=lambda term: (-strength[term], term))[:_ADDED_TERMS]
    asked = sum(query.values)
    unit = _TERMS_WEIGHT * asked / (sum(strength[term] for term in added) or 1.0)
    weights = dict(zip(query.indices, query.values, strict=True))
    for term in added:
        weights[term] = weights.get(term, 0.0) + unit * strength[term]
    terms = sorted(weights)
    return SparseVector(terms, [weights[term] for term in terms])
