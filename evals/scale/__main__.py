"""Print how bulk indexing grows: `python -m evals.scale --data FOLDER`, in a clone."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from evals.indexing.mix import mixed_documents
from evals.scale.bench import Measured, measure
from evals.scale.model import Machines, Rates, contention, machines, speedup


@click.command()
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of collections: en_… and ja_jsquad_valid.",
)
@click.option("--chunks", default=1e9, show_default=True, help="Passages to index.")
@click.option("--days", default=7.0, show_default=True, help="In so many days.")
@click.option("--pod", default=1000.0, show_default=True, help="Passages/s of a GPU: assumed.")
@click.option("--shard", default=500.0, show_default=True, help="Passages/s of a shard: assumed.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(
    *, data: Path, chunks: float, days: float, pod: float, shard: float, as_json: bool
) -> None:
    """Read the mix with one and two workers, and work out what more passages take."""
    load = [round(each, 1) for each in os.getloadavg()]
    with Console(stderr=True).status("one worker, two workers, one writer"):
        measured = asyncio.run(measure(mixed_documents(data)))
    lost = contention(1 / measured.one_worker_s, 1 / measured.two_workers_s)
    rates = Rates(
        worker=measured.passages / measured.one_worker_s,
        writer=measured.passages / measured.writer_s,
        pod=pod,
        shard=shard,
    )
    needed = machines(chunks, days=days, rates=rates, contention=lost)
    machine = {"cpus": os.cpu_count(), "load before": load}
    figures = _figures(measured, lost)
    if as_json:
        whole = {"measured": figures, "rates": asdict(rates), "needed": asdict(needed)}
        click.echo(json.dumps({**whole, "machine": machine}, indent=2))
    else:
        _show(figures, rates, needed, f"{chunks:,.0f} passages in {days:g} days")
        Console().print("machine:", machine)


def _figures(measured: Measured, lost: float) -> dict[str, float]:
    return {
        "documents": measured.documents,
        "passages": measured.passages,
        "documents/s, 1 worker": measured.documents / measured.one_worker_s,
        "documents/s, 2 workers": measured.documents / measured.two_workers_s,
        "contention": lost,
        "8 workers would do, times one": speedup(8, contention=lost),
    }


def _show(figures: Mapping[str, float], rates: Rates, needed: Machines, title: str) -> None:
    screen = Console()
    table = Table("measured", "")
    for name, figure in figures.items():
        table.add_row(name, f"{figure:,.3g}" if figure < 100 else f"{figure:,.0f}")
    screen.print(table)
    table = Table(title, "passages/s of one", "needed")
    table.add_row("workers (CPUs of the Ray cluster)", f"{rates.worker:,.0f}", str(needed.workers))
    table.add_row("writers (processes)", f"{rates.writer:,.0f}", str(needed.writers))
    table.add_row("pods (assumed)", f"{rates.pod:,.0f}", str(needed.pods))
    table.add_row("shards that write (assumed)", f"{rates.shard:,.0f}", str(needed.shards))
    table.caption = f"{needed.passages_per_s:,.0f} passages/s in all"
    screen.print(table)


if __name__ == "__main__":
    main()
