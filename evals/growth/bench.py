"""Let one index grow, and measure it at each size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from statistics import linear_regression
from time import perf_counter
from typing import Final

from evals.query_speed.shelf import LIMIT, SEARCHER, Shelf, open_store
from evals.query_speed.timing import Spread, spread
from inference.local_embedder import LocalEmbedder
from rag.models import SearchRequest
from rag.search import Search

MOST_OF_QUERIES: Final = 0.35
"""What the exponent of the time of a query may be."""
MOST_OF_INDEXING: Final = 1.05
"""What the exponent of the time of indexing may be."""

Begin = Callable[[str, int], Callable[[int], None]]
"""Begins to show a stage of so many steps; what it returns is told how many are done."""


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one size."""

    passages: int
    query: Spread
    index_s: float
    """From nothing to that many, all durable and the index in order; without embedding them."""


async def measure(
    folder: Path,
    shelf: Shelf,
    embedder: LocalEmbedder,
    *,
    sizes: Sequence[int],
    queries: Sequence[str],
    begin: Begin,
) -> list[Size]:
    """Measure an index in `folder` that grows through `sizes`, in ascending order."""
    store = await open_store(folder, embedder)
    search = Search(embedder=embedder, store=store, access=shelf.readable)
    measured: list[Size] = []
    try:
        for held, passages in zip([0, *sizes], sizes, strict=False):
            tick = begin(f"index {passages:,}", passages - held)
            seconds = await shelf.fill(store, first=held, last=passages, tick=tick)
            before = measured[-1].index_s if measured else 0.0
            tick = begin(f"search {passages:,}", 2 * len(queries))
            query = spread(await _seconds(search, queries, tick))
            measured.append(Size(passages, query, before + seconds))
    finally:
        await store.close()
    return measured


def exponent(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Return the power of the size that the times grow with: least squares of their logarithms."""
    return linear_regression(list(map(log, sizes)), list(map(log, times))).slope


async def _seconds(
    search: Search, queries: Sequence[str], tick: Callable[[int], None]
) -> list[float]:
    """Ask all queries twice, and return the times of the second."""
    seconds: list[float] = []
    for query in [*queries, *queries]:
        began = perf_counter()
        await search.search(SEARCHER, SearchRequest(query=query, limit=LIMIT))
        seconds.append(perf_counter() - began)
        tick(1)
    return seconds[len(queries) :]
