"""Print the time of a query and the documents a second, and their ratios to the peer's."""

import asyncio
import json
import os
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, sleep
from typing import Final

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from evals.embedding.contenders import CONTENDERS, SHIPPED, Contender
from evals.embedding.first_query import first_query

_QUERIES: Final = (
    "Why did furnace 2 overshoot?",
    "Which alloy had the highest tensile strength after ageing?",
    "hardness of the sample after 8 h at 175 degrees",
)
_SENTENCE: Final = "The plate was solution treated, quenched in water, then aged in the furnace. "
_DOCUMENTS: Final = [_SENTENCE * sentences for _ in range(8) for sentences in (1, 2, 4, 8, 12)]
_QUERIES_A_ROUND: Final = 10
_PAUSE_S: Final = 0.3  # threads of the one before still spin for a while
Figures = Mapping[str, float]


@click.command()
@click.option("--rounds", default=10, show_default=True, help="Repetitions; medians are shown.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, rounds: int, as_json: bool) -> None:
    """Embed the same texts as shipped and with the model's own library, in turns."""
    load = os.getloadavg()[0]
    figures = asyncio.run(_measured(rounds))
    if as_json:
        click.echo(json.dumps({"load": load, "contenders": figures}, indent=2))
    else:
        Console().print(_table(figures, load))


@dataclass(frozen=True, slots=True)
class _Timed:
    """A contender and the seconds it took, round by round."""

    contender: Contender
    queries: list[float] = field(default_factory=list[float])
    batches: list[float] = field(default_factory=list[float])

    async def take_turn(self, turn: int) -> None:
        """Embed queries one by one, and documents at once; after a warm-up of both."""
        sleep(_PAUSE_S)  # noqa: ASYNC251 - nothing else runs in this loop
        if turn == 0:
            await self.contender.query("warm-up")
            await self.contender.documents(_DOCUMENTS)
        for number in range(_QUERIES_A_ROUND):
            query = f"{_QUERIES[number % len(_QUERIES)]} {turn}"
            self.queries.append(await _seconds(self.contender.query(query)))
        self.batches.append(await _seconds(self.contender.documents(_DOCUMENTS)))

    def figures(self) -> dict[str, float]:
        return {
            "query_ms": median(self.queries) * 1000,
            "documents_per_s": len(_DOCUMENTS) / median(self.batches),
        }


async def _measured(rounds: int) -> dict[str, Figures]:
    started = {
        name: await asyncio.to_thread(first_query, name)
        for name in track(CONTENDERS, "Cold starts", console=Console(stderr=True))
    }
    timed = {name: _Timed(make()) for name, make in CONTENDERS.items()}
    for turn in track(range(rounds), "Rounds", console=Console(stderr=True)):
        for each in timed.values():
            await each.take_turn(turn)
    return {name: {**each.figures(), **_first(started[name])} for name, each in timed.items()}


def _first(started: Figures) -> Figures:
    return {"first_query_s": started["seconds"], "memory_mb": started["megabytes"]}


async def _seconds(work: Awaitable[object]) -> float:
    started = perf_counter()
    await work
    return perf_counter() - started


def _table(figures: Mapping[str, Figures], load: float) -> Table:
    columns = ("query, ms", "documents/s", "shipped is faster", "cold start, s", "MB")
    table = Table("all-MiniLM-L6-v2", *columns)
    ours = figures[SHIPPED]
    for name, measured in figures.items():
        faster = (
            measured["query_ms"] / ours["query_ms"],
            ours["documents_per_s"] / measured["documents_per_s"],
        )
        table.add_row(
            name,
            f"{measured['query_ms']:.2f}",
            f"{measured['documents_per_s']:.1f}",
            "{:.1f} ×, {:.1f} ×".format(*faster),
            f"{measured['first_query_s']:.1f}",
            f"{measured['memory_mb']:.0f}",
        )
    table.caption = (
        f"library: sentence-transformers on torch; cold start: a new process to its first vector;"
        f" {os.cpu_count()} cores, load before: {load:.1f}"
    )
    return table


if __name__ == "__main__":
    main()
