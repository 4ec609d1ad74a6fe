"""Print what the embedded store misses, takes and waits: `python -m evals.store`."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any, Final, cast

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from evals.store.recall import CASES, Recalled, recall
from evals.store.shelf import MadeUp
from evals.store.writing import fill
from rag.store.edge import EdgeStore
from rag.store.schema import Extras, Quantisation

_LEAST_RECALL: Final = 0.99
_OPENINGS: Final = 3
_MODEL: Final = "made-up"


@click.command()
@click.option("--chunks", default=100_000, show_default=True)
@click.option("--dim", "dimensions", default=384, show_default=True)
@click.option("--queries", default=200, show_default=True, help="Of each filter.")
@click.option(
    "--quantisation",
    "quantisations",
    multiple=True,
    type=click.Choice(["none", "int8", "turbo4"]),
    default=("none", "int8", "turbo4"),
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(
    *,
    chunks: int,
    dimensions: int,
    queries: int,
    quantisations: Sequence[str],
    as_json: bool,
) -> None:
    """Fill a store of made-up passages in 50 projects; exit with 1 where recall is under .99."""
    made = MadeUp(chunks, dimensions)
    load = os.getloadavg()
    figures = {
        name: asyncio.run(_measured(made, cast("Quantisation", name), queries))
        for name in quantisations
    }
    if as_json:
        click.echo(json.dumps({"chunks": chunks, "dim": dimensions, **figures}, indent=2))
    else:
        for name, measured in figures.items():
            title = f"{chunks:,} passages × {dimensions}, quantisation: {name}"
            Console().print(_table(measured, title))
        Console().print(f"load before: {load[0]:.1f}")
    worst = min(each["recall"] for part in figures.values() for each in part["filters"])
    sys.exit(worst < _LEAST_RECALL)


async def _measured(made: MadeUp, quantisation: Quantisation, queries: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        extras = Extras(quantisation=quantisation)
        store = await EdgeStore.open(home, model=_MODEL, dimensions=made.dimensions, extras=extras)
        writing = await fill(store, made)
        recalled = [
            await recall(store, made, case, queries=queries)
            for case in track(CASES, "filters", console=Console(stderr=True))
        ]
        await store.close()
        opened = [_reopened(home, made.dimensions) for _ in range(_OPENINGS)]
        return {
            **asdict(writing),
            "filters": [asdict(each) for each in recalled],
            "first_answer_s": median(each["first_answer_s"] for each in opened),
            "memory_mib": median(each["memory_mib"] for each in opened),
            "disk_mib": _disk_mib(home),
        }


def _disk_mib(folder: Path) -> float:
    return sum(file.stat().st_blocks for file in folder.rglob("*")) * 512 / 2**20


def _reopened(folder: Path, dimensions: int) -> Mapping[str, float]:
    program = [sys.executable, "-m", "evals.store.reopened", str(folder), str(dimensions)]
    answered = subprocess.run(program, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    figures: Mapping[str, float] = json.loads(answered.stdout)
    return figures


def _table(measured: Mapping[str, Any], title: str) -> Table:
    table = Table("filter", "passages that fit", "recall@10", "median, ms", title=title)
    for each in (Recalled(**fields) for fields in measured["filters"]):
        table.add_row(each.case, f"{each.passages:,}", f"{each.recall:.4f}", f"{each.p50_ms:.2f}")
    table.caption = (
        f"{measured['points_per_s']:,.0f} points written a second; made fast to search in"
        f" {measured['flush_s']:.0f} s; a search then takes {measured['search_p50_ms']:.1f} ms,"
        f" the longest {measured['search_longest_ms']:.0f} ms; a new process answers after"
        f" {measured['first_answer_s']:.2f} s and takes {measured['memory_mib']:.0f} MiB more;"
        f" {measured['disk_mib']:.0f} MiB on disk"
    )
    return table


if __name__ == "__main__":
    main()
