"""How good rankings are, as ir-measures computes it."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

from evals.retrieval.problems import EvaluationMissing

NDCG: Final = "nDCG@10"
MEASURES: Final[Mapping[str, str]] = {
    NDCG: "nDCG@10",
    "Recall@10": "R@10",
    "Recall@100": "R@100",
    "MRR@10": "RR@10",
}
"""What is measured, and what the library calls it."""

Rankings = Mapping[str, Sequence[str]]
"""Document ids by query id, best first."""

Scores = Mapping[str, Mapping[str, float]]
"""By measure and query id, each from 0 to 1."""


def measure(rankings: Rankings, judged: Mapping[str, Mapping[str, int]]) -> Scores:
    """Return each measure for each query of `rankings`.

    A document listed twice counts once, at its better rank; a grade of 0 or less is not relevant.
    Where nothing was found, or nothing is relevant, each measure is 0.

    Raises:
        EvaluationMissing: the extra `eval` is not installed.
    """
    library = _library()
    labels = {library.parse_measure(name): label for label, name in MEASURES.items()}
    grades = {
        query: {document: max(grade, 0) for document, grade in judged.get(query, {}).items()}
        for query in rankings
    }
    scored = {query: _scored(ranking) for query, ranking in rankings.items()}
    found = {label: dict.fromkeys(rankings, 0.0) for label in MEASURES}
    for metric in library.iter_calc(list(labels), grades, scored):
        found[labels[metric.measure]][metric.query_id] = float(metric.value)
    return found


def _scored(ranking: Sequence[str]) -> dict[str, float]:
    """Return scores that fall with the rank: the library orders by them."""
    return {document: -float(rank) for rank, document in enumerate(dict.fromkeys(ranking))}


def _library() -> Any:  # noqa: ANN401 - its types are partly unknown
    try:
        return import_module("ir_measures")
    except ImportError as error:
        raise EvaluationMissing("ir-measures", extra="eval") from error
