"""Print what the gateway costs beside nginx: `python -m evals.gateway` (Debian's nginx and wrk)."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from evals.gateway.lab import Contender, Load, lab, measured, memory_mib

_MANY: Final = 16
Figures = Mapping[str, float]


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="In turns.")
@click.option("--seconds", type=click.IntRange(1), default=5, show_default=True, help="Of each.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, rounds: int, seconds: int, as_json: bool) -> None:
    """Ask a server that answers at once, straight, through nginx and through the gateway.

    The proxies have one core, the server and the client the other one. The gateway checks a key,
    limits and records each call.
    """
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, lab(Path(folder)) as (straight, contenders):
        found = {
            name: _measured(contender, straight, Path(folder), rounds, seconds)
            for name, contender in contenders.items()
        }
    if as_json:
        click.echo(json.dumps({"load": load, **found}, indent=2))
        return
    Console().print(_table(found))
    Console().print(f"load before: {load:.1f}")


def _table(found: Mapping[str, Figures]) -> Table:
    peer, *ours = found
    table = Table("", *found, *(f"{name} / {peer}" for name in ours))
    table.title = "one core, 1 kB in, .6 kB out"
    for row, value in found[peer].items():
        values = [each[row] for each in found.values()]
        ratios = [f"{found[name][row] / value:.2f}" if value else "" for name in ours]
        table.add_row(row, *(f"{each:,.2f}" for each in values), *ratios)
    return table


def _measured(
    contender: Contender, straight: Contender, folder: Path, rounds: int, seconds: int
) -> Figures:
    many: list[Load] = []
    added: list[float] = []
    for _ in track(range(rounds), "rounds", console=Console(stderr=True)):
        many.append(measured(contender, folder, connections=_MANY, seconds=seconds))
        alone = measured(contender, folder, connections=1, seconds=seconds)
        without = measured(straight, folder, connections=1, seconds=seconds)
        added.append(alone.p50_ms - without.p50_ms)
    return {
        f"answers a second, {_MANY} connections": median(each.per_s for each in many),
        "added median of one connection, ms": median(added),
        "memory, MiB": memory_mib(contender),
        "errors": sum(each.errors for each in many),
    }


if __name__ == "__main__":
    main()
