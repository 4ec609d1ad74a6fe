"""Print how times grow with the size of the index: `python -m evals.growth --data DIR`."""

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from evals.growth.bench import MOST_OF_INDEXING, MOST_OF_QUERIES, Size, exponent, measure
from evals.growth.plot import Curve, draw
from evals.query_speed.shelf import Shelf
from evals.query_speed.texts import Texts, load_texts
from inference.local_embedder import open_local_embedder

_SIZES: Final = (1_000, 10_000, 100_000, 300_000)
_PROJECTS: Final = ("project-0", "project-1", "project-2")


@click.command()
@click.option("--size", "sizes", multiple=True, type=int, default=_SIZES, show_default=True)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of collections, as for evals.retrieval; made-up texts without it.",
)
@click.option("--texts", default=4_000, show_default=True, help="Embedded; the rest are varied.")
@click.option("--queries", default=300, show_default=True, help="At each size.")
@click.option("--plot", type=click.Path(path_type=Path), help="Write the curves here, as SVG.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(
    *,
    sizes: Sequence[int],
    data: Path | None,
    texts: int,
    queries: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Let an index grow through the sizes, and fit powers to its times; exit with 1 over a limit.

    Texts that come again are varied, and so are their vectors, by noise, instead of being embedded:
    the time of indexing is that of counting terms, writing and building, without the model's.
    """
    load = os.getloadavg()
    loaded = load_texts(data).some(texts)
    measured = asyncio.run(_measured(loaded, sorted(sizes), queries))
    searching, indexing = curves = _curves(measured)
    if plot is not None:
        plot.write_text(draw(curves), encoding="utf-8")
    facts = {
        "machine": {"cores": os.cpu_count(), "load_before": load, "load_after": os.getloadavg()},
        "texts": loaded.source,
        "query_exponent": searching.exponent,
        "index_exponent": indexing.exponent,
    }
    if as_json:
        click.echo(json.dumps({**facts, "sizes": [asdict(size) for size in measured]}, indent=2))
    else:
        Console().print(_table(measured, f"{facts}"))
    if searching.exponent > MOST_OF_QUERIES or indexing.exponent > MOST_OF_INDEXING:
        raise SystemExit(1)


async def _measured(texts: Texts, sizes: Sequence[int], queries: int) -> list[Size]:
    embedder = open_local_embedder()
    with tempfile.TemporaryDirectory() as folder, _progress() as progress:
        begin = partial(_begin, progress)
        tick = begin("embed", len(texts.passages))
        shelf = await Shelf.embed(texts, embedder, projects=_PROJECTS, tick=tick)
        return await measure(
            Path(folder),
            shelf,
            embedder,
            sizes=sizes,
            queries=texts.queries[:queries],
            begin=begin,
        )


def _curves(measured: Sequence[Size]) -> tuple[Curve, Curve]:
    sizes = [size.passages for size in measured]
    queries = [size.query.p50_ms for size in measured]
    indexing = [size.index_s for size in measured]
    return (
        Curve(
            title="A search, median",
            unit="ms",
            sizes=sizes,
            times=queries,
            exponent=exponent(sizes, queries),
        ),
        Curve(
            title="Indexing, without embedding",
            unit="s",
            sizes=sizes,
            times=indexing,
            exponent=exponent(sizes, indexing),
        ),
    )


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console)


def _begin(progress: Progress, stage: str, total: int) -> Callable[[int], None]:
    return partial(progress.advance, progress.add_task(stage, total=total))


def _table(measured: Sequence[Size], caption: str) -> Table:
    table = Table("passages", "search, median", "search, 99 of 100", "indexing", caption=caption)
    for size in measured:
        table.add_row(
            f"{size.passages:,}",
            f"{size.query.p50_ms:.2f} ms",
            f"{size.query.p99_ms:.2f} ms",
            f"{size.index_s:.1f} s",
        )
    searching, indexing = _curves(measured)
    table.add_section()
    table.add_row("power", f"{searching.exponent:.3f}", "", f"{indexing.exponent:.3f}")
    table.add_row("at most", f"{MOST_OF_QUERIES}", "", f"{MOST_OF_INDEXING}")
    return table


if __name__ == "__main__":
    main()
