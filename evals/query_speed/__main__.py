"""Print how long searches take: `python -m evals.query_speed --data DIR`, in a clone."""

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from evals.query_speed.bench import Asked, Line, crowd_lines, rest_lines, search_lines
from evals.query_speed.texts import Texts, load_texts
from evals.query_speed.world import make_world

_PARTS: Final = ("search", "rest", "crowd")


@click.command()
@click.option("--chunks", default=10_000, show_default=True, help="Passages in the index.")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of collections, as for evals.retrieval; made-up texts without it.",
)
@click.option("--texts", default=4_000, show_default=True, help="Embedded; the rest are varied.")
@click.option("--rounds", default=10, show_default=True, help="Ours and the peer in turns.")
@click.option("--queries", default=100, show_default=True, help="In each round.")
@click.option("--peer-queries", default=10, show_default=True, help="Of those, also the peer's.")
@click.option("--only", type=click.Choice(_PARTS), help="Measure this part alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, data: Path | None, only: str | None, as_json: bool, **size: int) -> None:
    """Search, alone and in a crowd, over REST, and beside LlamaIndex; exit with 1 over a limit.

    Texts that come again are varied, and so are their vectors, by noise, instead of being embedded.
    """
    before = os.getloadavg()
    texts = load_texts(data)
    asked = Asked.of(
        texts.queries, rounds=size["rounds"], each=size["queries"], peer=size["peer_queries"]
    )
    lines = asyncio.run(_measured(texts.some(size["texts"]), size["chunks"], asked, only))
    machine = {"cores": os.cpu_count(), "load_before": before, "load_after": os.getloadavg()}
    if as_json:
        facts = {"machine": machine, "texts": texts.source, "chunks": size["chunks"]}
        click.echo(json.dumps({**facts, "figures": [line.facts for line in lines]}, indent=2))
    else:
        Console().print(_table(lines, f"{size['chunks']:,} passages ({texts.source}); {machine}"))
    if not all(line.is_met for line in lines):
        raise SystemExit(1)


async def _measured(texts: Texts, chunks: int, asked: Asked, only: str | None) -> list[Line]:
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as home, _progress() as progress:
        begin = partial(_begin, progress)
        served = only in {None, "rest"}
        world = await make_world(
            Path(home), texts, chunks=chunks, known_to_service=served, begin=begin
        )
        if only in {None, "search"}:
            lines += await search_lines(world, asked, begin=begin)
        if served:
            lines += await asyncio.to_thread(rest_lines, world, asked, begin=begin)
        if only in {None, "crowd"}:
            lines += await asyncio.to_thread(crowd_lines, world, asked, begin=begin)
    return lines


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console)


def _begin(progress: Progress, stage: str, total: int) -> Callable[[int], None]:
    return partial(progress.advance, progress.add_task(stage, total=total))


def _table(lines: Sequence[Line], caption: str) -> Table:
    table = Table("", "measured", "target", "met", caption=caption)
    for line in lines:
        target = f"≤ {line.most:g}" if line.most is not None else ""
        target = f"≥ {line.least:g}" if line.least is not None else target
        met = {True: "yes", False: "NO"}[line.is_met] if target else ""
        table.add_row(line.what, f"{line.value:.2f} {line.unit}", target, met)
    return table


if __name__ == "__main__":
    main()
