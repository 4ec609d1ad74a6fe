"""A program that lets so many searchers ask at once on so many cores, and counts their answers.

Its arguments: the data folder, cores, searchers. It reads projects and queries in JSON, and writes
the answers a second.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from evals.query_speed.shelf import LIMIT, SEARCHER, Readable, open_store
from inference.local_embedder import open_local_embedder
from rag.models import SearchRequest
from rag.search import Search

_ITSELF: Final = (sys.executable, "-m", "evals.query_speed.searchers")


def answers_per_s(
    data_folder: Path,
    *,
    cores: int,
    searchers: int,
    readable: Readable,
    warm: Sequence[str],
    queries: Sequence[str],
) -> float:
    """Return how many answers a second all searchers get together, in a process of their own.

    Each asks its next query when it has its answer, until all have been asked; `warm` are asked
    before.

    Raises:
        CalledProcessError: it failed; why was written to the standard error.
    """
    ran = subprocess.run(  # noqa: S603 - a program of ours
        [*_ITSELF, str(data_folder), str(cores), str(searchers)],
        input=json.dumps(
            {
                "projects": sorted(readable.project_ids),
                "warm": list(warm),
                "queries": list(queries),
            }
        ),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return float(ran.stdout)


async def _measured(data_folder: Path, searchers: int) -> float:
    given = json.loads(sys.stdin.read())
    embedder = open_local_embedder()
    store = await open_store(data_folder, embedder)
    try:
        readable = Readable(frozenset(given["projects"]))
        search = Search(embedder=embedder, store=store, access=readable)
        queries: list[str] = given["queries"]
        await _asked(search, iter(given["warm"]), searchers)
        began = perf_counter()
        await _asked(search, iter(queries), searchers)
        return len(queries) / (perf_counter() - began)
    finally:
        await store.close()


async def _asked(search: Search, queries: Iterator[str], searchers: int) -> None:
    async def ask() -> None:
        for query in queries:
            await search.search(SEARCHER, SearchRequest(query=query, limit=LIMIT))

    async with asyncio.TaskGroup() as group:
        for _ in range(searchers):
            group.create_task(ask())


def _main() -> None:
    data_folder, cores, searchers = sys.argv[1:]
    # Before any library counts the cores and starts its threads.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(cores)])
    figure = asyncio.run(_measured(Path(data_folder), int(searchers)))
    sys.stdout.write(f"{figure}\n")


if __name__ == "__main__":
    _main()
