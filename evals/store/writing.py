"""How fast passages are written, and what a search waits while the store is optimised."""

import asyncio
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Final

from rich.console import Console
from rich.progress import track

from evals.query_speed.shelf import SEARCHER, Readable
from evals.store.shelf import PROJECTS, MadeUp, batches
from rag.access import access_filter
from rag.store.port import VectorQuery, VectorStore

_EVERYTHING: Final = Readable(frozenset(f"project-{number}" for number in range(PROJECTS)))
_PAUSE_S: Final = 0.01  # between two searches of one who waits for each
_SEARCHES: Final = 100


@dataclass(frozen=True, slots=True)
class Written:
    """`flush_s` from the last point to all of them safe and fast to search; searches meanwhile."""

    points_per_s: float
    flush_s: float
    search_p50_ms: float
    search_longest_ms: float


async def fill(store: VectorStore, made: MadeUp) -> Written:
    """Write all passages, then flush while somebody searches."""
    vectors = made.vectors()
    writing_s = 0.0
    progress = track(list(batches(made.chunks)), "write", console=Console(stderr=True))
    for start, end in progress:
        points = made.points(vectors, start, end)
        began = perf_counter()
        await store.upsert(points)
        writing_s += perf_counter() - began
    began = perf_counter()
    flushing = asyncio.create_task(store.flush())
    waits = await _search_until(flushing, store, made)
    return Written(
        points_per_s=made.chunks / writing_s,
        flush_s=perf_counter() - began,
        search_p50_ms=median(waits),
        search_longest_ms=max(waits),
    )


async def _search_until(
    flushing: asyncio.Task[None], store: VectorStore, made: MadeUp
) -> list[float]:
    """Search again and again until the store is flushed; return what each took, in ms.

    The time runs from when a search was due: a process that stands still makes it late.
    """
    access = await access_filter(SEARCHER, None, _EVERYTHING)
    queries = made.queries(_SEARCHES).tolist()
    waits: list[float] = []
    due = perf_counter()
    while not (flushing.done() and waits):
        query = VectorQuery("dense", queries[len(waits) % _SEARCHES], 100)
        await store.search([query], access=access)
        waits.append((perf_counter() - due) * 1000)
        due = perf_counter() + _PAUSE_S
        await asyncio.sleep(_PAUSE_S)
    await flushing
    return waits
