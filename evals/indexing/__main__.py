"""Print how fast files are indexed: `python -m evals.indexing --data FOLDER`, in a clone."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from evals.indexing.bench import Measured, measure, misses
from evals.indexing.mix import english_documents, mixed_documents
from evals.indexing.precision import MOST_LOST, Precision, measure_precision
from evals.retrieval.collection import Document

_PARTS: Final[Mapping[str, Callable[[Path], list[Document]]]] = {
    "mix": mixed_documents,
    "English": english_documents,
}
_PRECISION: Final = "precision"
_PERCENT: Final = {"added to embedding"}


@click.command()
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of collections: en_… and ja_jsquad_valid.",
)
@click.option("--rounds", default=3, show_default=True, help="Medians are shown.")
@click.option("--only", type=click.Choice([*_PARTS, _PRECISION]), help="Measure this part alone.")
@click.option("--documents", type=int, help="Only so many of each part, drawn by chance.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(
    *, data: Path, rounds: int, only: str | None, documents: int | None, as_json: bool
) -> None:
    """Index files as shipped, then stage by stage; embed them with sentence-transformers, too.

    Exit with 1 where the mix falls short of what it must reach, or quality is lost.
    """
    machine = {"cpus": os.cpu_count(), "load before": _load()}
    measured: dict[str, Measured] = {}
    precision: Precision | None = None
    with Console(stderr=True).status("") as status:
        for name in _PARTS:
            if only in {None, name}:
                chosen = _some(_PARTS[name](data), documents)
                measured[name] = measure(chosen, rounds=rounds, tell=status.update)
        if only in {None, _PRECISION}:
            precision = measure_precision(data, status.update)
    machine["load after"] = _load()
    missed = _missed(measured, precision)
    if as_json:
        click.echo(json.dumps(_report(measured, precision, missed, machine), indent=2))
    else:
        _show(measured, precision, missed, machine)
    if missed:
        raise SystemExit(1)


def _missed(measured: Mapping[str, Measured], precision: Precision | None) -> list[str]:
    """Say what falls short, of the speed and of the quality that it may cost."""
    missed = misses(measured.get("mix"), measured.get("English"))
    if precision is not None and precision.lost > MOST_LOST:
        missed.append(f"nDCG@10 lost: {precision.lost:.4f} > {MOST_LOST:g}")
    return missed


def _some(documents: Sequence[Document], wanted: int | None) -> Sequence[Document]:
    if wanted is None or wanted >= len(documents):
        return documents
    drawn = Random(wanted).sample(range(len(documents)), wanted)  # noqa: S311 - not a secret
    return [documents[place] for place in sorted(drawn)]


def _load() -> list[float]:
    return [round(each, 1) for each in os.getloadavg()]


def _report(
    measured: Mapping[str, Measured],
    precision: Precision | None,
    missed: list[str],
    machine: Mapping[str, object],
) -> dict[str, object]:
    parts: dict[str, object] = {
        name: {
            **each.figures(),
            "CPU shares": each.shares(),
            "peer's best batch": [one.peer_batch for one in each.rounds],
        }
        for name, each in measured.items()
    }
    if precision is not None:
        parts[_PRECISION] = {**asdict(precision), "lost": precision.lost}
    return {**parts, "machine": machine, "short of": missed}


def _show(
    measured: Mapping[str, Measured],
    precision: Precision | None,
    missed: list[str],
    machine: Mapping[str, object],
) -> None:
    screen = Console()
    if measured:
        screen.print(_table("indexing", {name: each.figures() for name, each in measured.items()}))
        shares = {name: each.shares() for name, each in measured.items()}
        screen.print(_table("part of the CPU time", shares, percent=True))
    if precision is not None:
        table = Table("nDCG@10 of the vectors alone", "shipped", "float32")
        for name, figure in precision.shipped.items():
            table.add_row(name, f"{figure:.4f}", f"{precision.float32[name]:.4f}")
        screen.print(table)
    screen.print("machine:", machine)
    for miss in missed:
        screen.print(f"short of what it must reach: {miss}", style="red")


def _table(
    title: str, columns: Mapping[str, Mapping[str, float]], *, percent: bool = False
) -> Table:
    table = Table(title, *columns)
    for row in next(iter(columns.values())):
        form = "{:.1%}" if percent or row in _PERCENT else "{:,.1f}"
        table.add_row(row, *(form.format(column[row]) for column in columns.values()))
    return table


if __name__ == "__main__":
    main()
