"""bm25s as its manual has it for English, and over what stands between spaces."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from typing import Any, Final

from evals.retrieval.bench import DEPTH
from evals.retrieval.collection import Collection
from evals.retrieval.measures import Rankings
from evals.retrieval.problems import EvaluationMissing
from evals.retrieval.source import file_id

_LIBRARY: Final = "bm25s"
_BETWEEN_SPACES: Final = r"\S+"


def rank_with_bm25s(collection: Collection) -> dict[str, Rankings]:
    """Return what is found by its English tokens, stemmed, and by words between spaces.

    What has no word of the query is not found.

    Raises:
        EvaluationMissing: the extra `eval` is not installed.
    """
    library = _library()
    stemmer = import_module("snowballstemmer").stemmer("english")
    english = partial(library.tokenize, stopwords="en", stemmer=stemmer, show_progress=False)
    spaces = partial(
        library.tokenize, token_pattern=_BETWEEN_SPACES, stopwords=[], show_progress=False
    )
    return {
        "bm25s": _ranked(collection, library, english),
        "bm25s spaces": _ranked(collection, library, spaces),
    }


def _ranked(
    collection: Collection,
    library: Any,  # noqa: ANN401 - it has no types
    tokens: Callable[[Sequence[str]], Any],
) -> Rankings:
    names = [file_id(collection.name, document.id) for document in collection.documents]
    retriever = library.BM25()
    texts = [document.whole_text for document in collection.documents]
    retriever.index(tokens(texts), show_progress=False)
    places, scores = retriever.retrieve(
        tokens(list(collection.queries.values())),
        k=min(DEPTH, len(names)),
        show_progress=False,
    )
    rankings: dict[str, list[str]] = {}
    for query, found, scored in zip(collection.queries, places, scores, strict=True):
        with_a_word = int((scored > 0).sum())
        rankings[query] = [names[place] for place in found[:with_a_word]]
    return rankings


def _library() -> Any:  # noqa: ANN401 - it has no types
    try:
        library = import_module(_LIBRARY)
    except ImportError as error:
        raise EvaluationMissing(_LIBRARY, extra="eval") from error
    logging.getLogger(_LIBRARY).setLevel(logging.WARNING)  # it tells of every step, unasked
    return library
