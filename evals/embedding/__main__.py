"""Print the time of a query and the documents a second, and their ratios to the peer's."""

import asyncio
import json
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

import click
from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import track
from rich.table import Table

from inference.local_embedder import LocalEmbedder, open_local_embedder

_QUERIES: Final = (
    "Why did furnace 2 overshoot?",
    "Which alloy had the highest tensile strength after ageing?",
    "hardness of the sample after 8 h at 175 degrees",
)
_SENTENCE: Final = "The plate was solution treated, quenched in water, then aged in the furnace. "
_DOCUMENTS: Final = [f"{_SENTENCE * sentences}" for sentences in (1, 2, 4, 8, 12) for _ in range(8)]
Figures = Mapping[str, float]


@click.command()
@click.option("--rounds", default=30, show_default=True, help="Repetitions; medians are shown.")
@click.option("--cache", type=click.Path(path_type=Path), default=user_cache_path("fumikura"))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, rounds: int, cache: Path, as_json: bool) -> None:
    """Embed the same texts on OpenVINO, as shipped, and on torch, one after the other."""
    figures = asyncio.run(_measured(cache, rounds))
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        Console().print(_table(figures))


@dataclass(frozen=True, slots=True)
class _Contender:
    """An embedder and the seconds it took, round by round."""

    embedder: LocalEmbedder
    queries: list[float] = field(default_factory=list[float])
    batches: list[float] = field(default_factory=list[float])

    async def run(self, rounds: int) -> None:
        """Take its turn alone: the threads of one backend would slow the other."""
        await self.embedder.embed_query("warm-up")
        for turn in track(range(rounds), "Queries", console=Console(stderr=True)):
            query = f"{_QUERIES[turn % len(_QUERIES)]} {turn}"
            self.queries.append(await _seconds(self.embedder.embed_query(query)))
        for _ in track(range(rounds), "Documents", console=Console(stderr=True)):
            self.batches.append(await _seconds(self.embedder.embed_documents(_DOCUMENTS)))

    def figures(self) -> Figures:
        return {
            "query_ms": median(self.queries) * 1000,
            "documents_per_s": len(_DOCUMENTS) / median(self.batches),
        }


async def _measured(cache: Path, rounds: int) -> dict[str, Figures]:
    contenders = {
        "OpenVINO (shipped)": _Contender(open_local_embedder(cache)),
        "torch (peer)": _Contender(open_local_embedder(cache, backend="torch")),
    }
    for contender in contenders.values():
        await contender.run(rounds)
    return {name: contender.figures() for name, contender in contenders.items()}


async def _seconds(work: Awaitable[object]) -> float:
    started = perf_counter()
    await work
    return perf_counter() - started


def _table(figures: Mapping[str, Figures]) -> Table:
    table = Table("all-MiniLM-L6-v2", "query, ms", "ratio", "documents/s", "ratio")
    peer = list(figures.values())[-1]
    for name, measured in figures.items():
        table.add_row(
            name,
            f"{measured['query_ms']:.2f}",
            f"{peer['query_ms'] / measured['query_ms']:.2f} ×",
            f"{measured['documents_per_s']:.1f}",
            f"{measured['documents_per_s'] / peer['documents_per_s']:.2f} ×",
        )
    return table


if __name__ == "__main__":
    main()
