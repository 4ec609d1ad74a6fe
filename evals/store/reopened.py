"""A new process that opens a store and answers once: `python -m evals.store.reopened FOLDER DIM`.

Prints JSON: seconds from opening to the first answer, and the memory that opening and a hundred
searches added, in MiB.
"""

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

import psutil

from evals.query_speed.shelf import SEARCHER, Readable
from evals.store.shelf import PROJECTS, MadeUp
from rag.access import access_filter
from rag.store.edge import EdgeStore
from rag.store.port import SparseVector, VectorQuery

_QUERIES = 100


async def _measured(folder: Path, dimensions: int) -> dict[str, float]:
    vectors = MadeUp(0, dimensions).queries(_QUERIES)
    readable = Readable(frozenset(f"project-{number}" for number in range(PROJECTS)))
    access = await access_filter(SEARCHER, None, readable)
    before = _resident_mib()
    began = perf_counter()
    store = await EdgeStore.open(folder, model="made-up", dimensions=dimensions)
    first = 0.0
    for vector in vectors:
        queries = [
            VectorQuery("dense", vector.tolist(), 100),
            VectorQuery("words", SparseVector([1, 2, 3], [1.0, 1.0, 1.0]), 100),
        ]
        found = await store.search(queries, access=access)
        await store.fetch(list(found[0])[:10], access=access)
        first = first or perf_counter() - began
    used = _resident_mib() - before
    await store.close()
    return {"first_answer_s": first, "memory_mib": used}


def _resident_mib() -> float:
    """Return the memory of this process and of the store's own."""
    here = psutil.Process()
    held = sum(each.memory_info().rss for each in (here, *here.children(recursive=True)))
    return float(held / 2**20)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_measured(Path(sys.argv[1]), int(sys.argv[2])))))
