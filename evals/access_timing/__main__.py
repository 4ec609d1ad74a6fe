"""Print how long hidden and absent ids take: `python -m evals.access_timing`, in a clone."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from evals.access_timing.bench import MOST_DIFFERENCE_MS, Timing, measure


@click.command()
@click.option(
    "--rounds",
    default=300,
    show_default=True,
    type=click.IntRange(min=200),
    help="Requests of each kind; medians are shown.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, rounds: int, as_json: bool) -> None:
    """Ask the served product for ids that are hidden and ids of nothing; exit with 1 if it shows.

    The caller has a linked account of RDM that may read one project and not the other.
    """
    with tempfile.TemporaryDirectory() as home:
        timings = measure(Path(home), rounds=rounds)
    if as_json:
        figures = [{**asdict(each), "difference_ms": each.difference_ms} for each in timings]
        click.echo(json.dumps(figures, indent=2))
    else:
        Console().print(_table(timings))
    if any(abs(each.difference_ms) > MOST_DIFFERENCE_MS for each in timings):
        raise SystemExit(1)


def _table(timings: Sequence[Timing]) -> Table:
    table = Table("median", "hidden ms", "absent ms", "difference ms")
    for each in timings:
        figures = (each.hidden_ms, each.absent_ms, each.difference_ms)
        table.add_row(each.question, *(f"{figure:.2f}" for figure in figures))
    table.caption = f"at most {MOST_DIFFERENCE_MS:g} ms apart"
    return table


if __name__ == "__main__":
    main()
