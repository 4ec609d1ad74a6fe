"""A hybrid search as steps: what the store is asked next, and what is made of its answers.

Whoever holds the store takes the steps: this process where it is on a server, the engine's process
where it is on a folder, so that what is found there does not travel back and forth.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rag.feedback import HEARD, Vectors, say, with_feedback
from rag.fusion import fuse_scores
from rag.store.port import HybridQuery, Ranked, StoredVectors, VectorQuery

_CANDIDATES: Final = 100  # of each retriever; the evaluations fuse as many


@dataclass(frozen=True, slots=True)
class Find:
    """What is nearest to each vector? The answer is a `list[dict[str, float]]`."""

    queries: Sequence[VectorQuery]


@dataclass(frozen=True, slots=True)
class Hear:
    """What are the vectors of these passages? The answer is a `dict[str, StoredVectors]`."""

    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Read:
    """What are these passages? The answer is a `list[StoredPoint]`."""

    ids: Sequence[str]


Step = Find | Hear | Read
Steps = Generator[Step, Any, Ranked]


def queries_of(vectors: Vectors) -> list[VectorQuery]:
    """Return a query for the candidates of each vector."""
    return [VectorQuery(name, vector, _CANDIDATES) for name, vector in vectors.items()]


def ranked(query: HybridQuery) -> Steps:
    """Rank passages by all vectors of a query; where the model understands it, with feedback.

    The best passages are heard on it then, and the store is asked a second time with what they say.
    """
    found = dict(query.found)
    unasked = {name: each for name, each in query.vectors.items() if name not in found}
    found |= zip(unasked, (yield Find(queries_of(unasked))), strict=True)
    if "dense" in query.vectors:
        heard = say(fuse_scores(found, query.weights, most=HEARD))
        passages: dict[str, StoredVectors] = (yield Hear(list(heard))) if heard else {}
        changed = with_feedback(query.vectors, passages, heard) if passages else {}
        found |= zip(changed, (yield Find(queries_of(changed))), strict=True)
    ranking = fuse_scores(found, query.weights)
    best = [each.id for each in ranking[: query.read]]
    return Ranked(ranking, (yield Read(best)) if best else ())


def taken(steps: Steps, take: Callable[[Step], Any]) -> Ranked:
    """Take all steps, and return what they lead to."""
    step = next(steps)
    while True:
        try:
            step = steps.send(take(step))
        except StopIteration as end:
            return _end(end)


async def taken_in_turn(steps: Steps, take: Callable[[Step], Awaitable[Any]]) -> Ranked:
    """Take all steps, waiting for each."""
    step = next(steps)
    while True:
        try:
            step = steps.send(await take(step))
        except StopIteration as end:
            return _end(end)


def _end(steps: StopIteration) -> Ranked:
    ranked: Ranked = steps.value
    return ranked
