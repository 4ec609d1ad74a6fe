"""As many passages as an embedded store takes before it optimises itself."""

from functools import cache
from random import Random
from typing import Final

from rag.store.edge import EdgeStore
from rag.store.port import Point
from tests.rag.store.points import passage

POINTS: Final = 10_500
DIMENSIONS: Final = 256
"""So long that this many are worth a graph to the engine."""


async def fill(store: EdgeStore) -> None:
    """Write them, all in the project `alloy`."""
    for start in range(0, POINTS, 500):
        await store.upsert(passages(start, start + 500))


def passages(start: int, end: int) -> list[Point]:
    """Return those from `start` to before `end`."""
    return [passage(name_of(n), n % 7, dense=vector_of(n)) for n in range(start, end)]


def name_of(number: int) -> str:
    """Return the name of a passage."""
    return f"alloy/a/1/{number}"


def vector_of(number: int) -> tuple[float, ...]:
    """Return its vector, which is near to no other."""
    return _numbers()[number : number + DIMENSIONS]


@cache
def _numbers() -> tuple[float, ...]:
    random = Random(1)  # noqa: S311 - vectors, no secrets
    return tuple(random.uniform(-1, 1) for _ in range(POINTS + DIMENSIONS))
