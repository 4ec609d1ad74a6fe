"""Measure searches in process beside the peer, over REST, and under a crowd, on one shelf."""

import gc
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from llama_index.core.base.base_retriever import BaseRetriever

from evals.query_speed.llama_index_peer import open_peer
from evals.query_speed.over_rest import answered
from evals.query_speed.searchers import answers_per_s
from evals.query_speed.shelf import LIMIT, SEARCHER, open_store
from evals.query_speed.timing import Ask, in_turns, spread
from evals.query_speed.world import Begin, World
from rag.language import guess_language
from rag.models import SearchRequest
from rag.search import Search

_CROWD: Final = 32
_CROWD_CORES: Final = 2
_CROWD_ROUNDS: Final = 3
_OURS: Final = "fumikura"
_EMBEDDING: Final = "embedding"
_PEER: Final = "LlamaIndex"
_PASSAGES_OF_10_000: Final = 20_000  # up to so many the stricter targets hold


@dataclass(frozen=True, slots=True)
class Line:
    """A figure, and what it must be: at most or at least the target, where there is one."""

    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def is_met(self) -> bool:
        """Tell whether the figure is what it must be."""
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )

    @property
    def facts(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "met": self.is_met}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The queries of each round; the peer, which takes far longer, is asked the first few."""

    rounds: Sequence[Sequence[str]]
    peer_queries: int

    @classmethod
    def of(cls, queries: Sequence[str], *, rounds: int, each: int, peer: int) -> "Asked":
        """Take so many queries for each round, no query twice while there are others.

        There is a round more than asked for: the first one is to warm up.
        """
        turns = [
            [queries[(turn * each + number) % len(queries)] for number in range(each)]
            for turn in range(rounds + 1)
        ]
        return cls(rounds=turns, peer_queries=peer)

    @property
    def warm(self) -> Sequence[str]:
        """Return the queries to warm up with."""
        return self.rounds[0]

    @property
    def timed(self) -> list[str]:
        """Return the queries of all other rounds."""
        return [query for turn in self.rounds[1:] for query in turn]


async def search_lines(world: World, asked: Asked, *, begin: Begin) -> list[Line]:
    """Search in this process, in turns with the peer over the same texts and vectors."""
    store = await open_store(world.data_folder, world.embedder)
    search = Search(embedder=world.embedder, store=store, access=world.shelf.readable)
    contenders: dict[str, Ask] = {
        _OURS: lambda query: search.search(SEARCHER, SearchRequest(query=query, limit=LIMIT)),
        _EMBEDDING: world.embedder.embed_query,
        _PEER: _peer(world).aretrieve,
    }
    gc.freeze()  # or else the millions of numbers that the peer holds are looked through for ours
    rounds = [
        {_OURS: turn, _EMBEDDING: turn, _PEER: turn[: asked.peer_queries]} for turn in asked.rounds
    ]
    try:
        seconds = await in_turns(contenders, rounds, begin("search, rounds", len(rounds)))
    finally:
        await store.close()
    return _compared(seconds, world.chunks)


def _peer(world: World) -> BaseRetriever:
    numbers = range(world.chunks)
    texts = [world.shelf.texts.passage(number) for number in numbers]
    return open_peer(texts, [world.shelf.vector(n).tolist() for n in numbers], limit=LIMIT)


def _compared(seconds: dict[str, dict[str, list[float]]], chunks: int) -> list[Line]:
    ours, peer = seconds[_OURS], seconds[_PEER]
    whole, theirs = spread(_all(ours)), spread(_all(peer))
    small = chunks <= _PASSAGES_OF_10_000
    both = [median(peer[query]) / median(ours[query]) for query in peer]
    lines = [
        Line("search, median", whole.p50_ms, "ms", most=5 if small else 7),
        Line("search, 99 of 100", whole.p99_ms, "ms", most=10 if small else None),
    ]
    for language in ("ja", "en"):
        some = _all({q: each for q, each in ours.items() if guess_language(q) == language})
        if some:
            lines.append(Line(f"search in {language}, median", spread(some).p50_ms, "ms"))
    embedding = spread(_all(seconds[_EMBEDDING]))
    return [
        *lines,
        Line("embedding alone, median", embedding.p50_ms, "ms"),
        Line("LlamaIndex, median", theirs.p50_ms, "ms"),
        Line("LlamaIndex, 99 of 100", theirs.p99_ms, "ms"),
        Line("LlamaIndex by ours, same queries", median(both), "×", least=6),
    ]


def rest_lines(world: World, asked: Asked, *, begin: Begin) -> list[Line]:
    """Serve the shelf and ask over HTTP; beside each wait is what the service says it took."""
    readable = sorted(world.shelf.readable.project_ids)
    tick = begin("REST, queries", len(asked.warm) + len(asked.timed))
    answers = answered(world.product, asked.warm, asked.timed, readable=readable, tick=tick)
    inside = spread([each.inside for each in answers])
    waited = spread([each.waited for each in answers])
    added = spread([each.waited - each.inside for each in answers])
    return [
        Line("in the service, with its records, median", inside.p50_ms, "ms"),
        Line("in the service, with its records, 99 of 100", inside.p99_ms, "ms"),
        Line("over REST, median", waited.p50_ms, "ms"),
        Line("over REST, 99 of 100", waited.p99_ms, "ms"),
        Line("REST adds, median", added.p50_ms, "ms", most=2),
    ]


def crowd_lines(world: World, asked: Asked, *, begin: Begin) -> list[Line]:
    """Count the answers of one searcher on one core, and of 32 on two cores, in turns."""
    lone: list[float] = []
    crowd: list[float] = []
    tick = begin("crowd, runs", 2 * _CROWD_ROUNDS)
    for _ in range(_CROWD_ROUNDS):
        for figures, cores, searchers in ((lone, 1, 1), (crowd, _CROWD_CORES, _CROWD)):
            figures.append(
                answers_per_s(
                    world.data_folder,
                    cores=cores,
                    searchers=searchers,
                    readable=world.shelf.readable,
                    warm=asked.warm,
                    queries=asked.timed,
                )
            )
            tick(1)
    one, many = median(lone), median(crowd)
    return [
        Line("1 searcher on 1 core", one, "/s"),
        Line(f"{_CROWD} searchers on {_CROWD_CORES} cores", many, "/s"),
        Line("the crowd by the one", many / one, "×", least=1.6),
    ]


def _all(seconds: dict[str, list[float]]) -> list[float]:
    return [each for times in seconds.values() for each in times]
