"""Measure the shipped search on test collections: alone, among each other, beside its peers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from evals.retrieval.bench import MIXED, SHIPPED, Bench, ReadableProjects, Tick, judged_files
from evals.retrieval.collection import Collection
from evals.retrieval.measures import Rankings, measure
from evals.retrieval.peers import Rank
from evals.retrieval.run import SetRun, kept, means

NO_PEERS: Final[Mapping[str, Rank]] = MappingProxyType({})
Begin = Callable[[str, int], Tick]
"""Begins to show a stage of so many steps; what it returns is told how many more are done."""


async def evaluate(
    collections: Sequence[Collection],
    bench: Bench,
    begin: Begin,
    *,
    mixed: bool = False,
    peers: Mapping[str, Rank] = NO_PEERS,
) -> dict[str, SetRun]:
    """Index all collections into one store and search each, so that nothing else may be found.

    With `mixed` each set's queries are also asked over all sets together. Peers see a set alone.

    Raises:
        EvaluationMissing: what measures, or a peer, is not installed.
    """
    measure({}, {})  # a library that is missing is told before the work
    failed = {
        each.name: await bench.index(each, begin(f"index {each.name}", len(each.documents)))
        for each in collections
    }
    others = ReadableProjects.of(*collections) if mixed else None
    sets: dict[str, SetRun] = {}
    for each in collections:
        rankings = await _rankings(each, others, bench, peers, begin)
        sets[each.name] = await asyncio.to_thread(
            _measured, each, rankings, failed=failed[each.name]
        )
    return sets


async def _rankings(
    collection: Collection,
    others: ReadableProjects | None,
    bench: Bench,
    peers: Mapping[str, Rank],
    begin: Begin,
) -> dict[str, Rankings]:
    name, queries = collection.name, len(collection.queries)
    alone = ReadableProjects.of(collection)
    rankings = {SHIPPED: await bench.search(collection, alone, begin(f"search {name}", queries))}
    if others is not None:
        tick = begin(f"search {name} among all", queries)
        rankings[MIXED] = await bench.search(collection, others, tick)
    rankings |= await bench.search_parts(collection, begin(f"parts {name}", queries))
    for peer, rank in peers.items():
        tick = begin(f"{peer} {name}", len(collection.documents) + queries)
        rankings |= await rank(collection, bench.embedder, tick)
    return rankings


def _measured(collection: Collection, rankings: Mapping[str, Rankings], *, failed: int) -> SetRun:
    judged = judged_files(collection)
    scores = {contender: measure(each, judged) for contender, each in rankings.items()}
    return SetRun(
        documents=len(collection.documents),
        failed=failed,
        queries=len(collection.queries),
        figures={contender: means(each) for contender, each in scores.items()},
        scores=kept(scores[SHIPPED]),
    )
