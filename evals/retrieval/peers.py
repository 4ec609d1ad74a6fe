"""What others do with the same documents, queries and embedding model."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from evals.retrieval.bench import Tick
from evals.retrieval.collection import Collection
from evals.retrieval.measures import Rankings
from evals.retrieval.problems import EvaluationMissing
from rag.ports import Embedder

Rank = Callable[[Collection, Embedder, Tick], Awaitable[dict[str, Rankings]]]
"""Ranks a collection's documents for its queries, by contender; tells of each of both."""


async def _bm25s(collection: Collection, _: Embedder, tick: Tick) -> dict[str, Rankings]:
    from evals.retrieval.bm25_peer import rank_with_bm25s  # noqa: PLC0415 - see `PEERS`

    rankings = await asyncio.to_thread(rank_with_bm25s, collection)
    tick(len(collection.documents) + len(collection.queries))
    return rankings


async def _llama_index(
    collection: Collection, embedder: Embedder, tick: Tick
) -> dict[str, Rankings]:
    try:
        from evals.retrieval.llama_index_peer import (  # noqa: PLC0415 - see `PEERS`
            NAME,
            rank_with_llama_index,
        )
    except ImportError as error:
        raise EvaluationMissing("LlamaIndex", extra="llamaindex") from error

    return {NAME: await rank_with_llama_index(collection, embedder, tick)}


async def _qdrant(collection: Collection, embedder: Embedder, tick: Tick) -> dict[str, Rankings]:
    from evals.retrieval.qdrant_peer import rank_with_qdrant  # noqa: PLC0415 - see `PEERS`

    with TemporaryDirectory(prefix="fumikura-eval-") as folder:
        return await rank_with_qdrant(collection, embedder, Path(folder), tick)


PEERS: Final[Mapping[str, Rank]] = {
    "bm25s": _bm25s,
    "LlamaIndex": _llama_index,
    "Qdrant": _qdrant,
}
"""Each loads its library when it is called."""
