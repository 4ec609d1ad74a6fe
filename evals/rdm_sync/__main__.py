"""Print what syncs of RDM cost: `python -m evals.rdm_sync`, in a clone of the source."""

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from evals.rdm_sync.bench import (
    MOST_CALLS_WITH_LOGS_KNOWN,
    MOST_CALLS_WITH_LOGS_UNKNOWN,
    MOST_CPU_S,
    MOST_OVERHEAD,
    FirstSyncs,
    Sync,
    Unchanged,
    sync_first,
    sync_unchanged,
)

_PARTS: Final = ("unchanged", "first")
_COSTS: Final = (
    "files",
    "files read",
    "calls of the API",
    "folders listed",
    "downloads",
    "calls in all",
    "wall s",
    "CPU s",
)


@click.command()
@click.option("--files", default=10_000, show_default=True, help="Of the unchanged project.")
@click.option("--first-files", default=2_000, show_default=True, help="Of the first syncs.")
@click.option("--rounds", default=3, show_default=True, help="First syncs of each kind.")
@click.option("--only", type=click.Choice(_PARTS), help="Measure this part alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, files: int, first_files: int, rounds: int, only: str | None, as_json: bool) -> None:
    """Sync an unchanged project, then new ones beside folders; exit with 1 over a limit."""
    unchanged: Unchanged | None = None
    first: FirstSyncs | None = None
    with tempfile.TemporaryDirectory() as home:
        if only in {None, "unchanged"}:
            unchanged = sync_unchanged(Path(home) / "unchanged", files=files)
        if only in {None, "first"}:
            first = sync_first(Path(home) / "first", files=first_files, rounds=rounds)
    misses = [miss for part in (unchanged, first) if part is not None for miss in part.misses]
    if as_json:
        click.echo(json.dumps(_figures(unchanged, first, misses), indent=2))
    else:
        _show(unchanged, first, misses)
    if misses:
        raise SystemExit(1)


def _figures(
    unchanged: Unchanged | None, first: FirstSyncs | None, misses: list[str]
) -> dict[str, object]:
    figures: dict[str, object] = {"machine": _machine(), "over the limits": misses}
    if unchanged is not None:
        figures["unchanged"] = asdict(unchanged)
    if first is not None:
        overheads = {"overhead": first.overhead, "cpu_overhead": first.cpu_overhead}
        figures["first"] = {**asdict(first), **overheads}
    return figures


def _machine() -> dict[str, object]:
    """Return what tells whether the times are worth anything: the load when all is measured."""
    return {"cpus": os.cpu_count(), "load": [round(each, 1) for each in os.getloadavg()]}


def _show(unchanged: Unchanged | None, first: FirstSyncs | None, misses: list[str]) -> None:
    screen = Console()
    if unchanged is not None:
        screen.print(_unchanged_table(unchanged))
    if first is not None:
        screen.print(_first_table(first))
    screen.print("machine:", _machine())
    for miss in misses:
        screen.print(f"over the limit: {miss}", style="red")


def _unchanged_table(syncs: Unchanged) -> Table:
    table = Table("", "first sync", "logs unknown", "logs known", "at most")
    most = f"{MOST_CALLS_WITH_LOGS_UNKNOWN}, {MOST_CALLS_WITH_LOGS_KNOWN}"
    limits = ("", "", "", "", "0", most, "", f"{MOST_CPU_S:g}")
    columns = (_column(each) for each in (syncs.first, syncs.logs_unknown, syncs.logs_known))
    for row in zip(_COSTS, *columns, limits, strict=True):
        table.add_row(*row)
    table.caption = "CPU: of the whole command, its start included"
    return table


def _column(sync: Sync) -> list[str]:
    counts = (sync.seen, sync.read, sync.asked.api, sync.asked.listings, sync.asked.downloads)
    return [*map(str, (*counts, sync.asked.calls)), f"{sync.wall_s:.2f}", f"{sync.cpu_s:.2f}"]


def _first_table(syncs: FirstSyncs) -> Table:
    table = Table("round", "folder", "RDM", "overhead", "folder CPU", "RDM CPU", "overhead")
    for number, each in enumerate(syncs.rounds, start=1):
        wall = (f"{each.folder.wall_s:.1f} s", f"{each.rdm.wall_s:.1f} s", f"{each.overhead:.1%}")
        cpu = (f"{each.folder.cpu_s:.1f} s", f"{each.rdm.cpu_s:.1f} s", f"{each.cpu_overhead:.1%}")
        table.add_row(str(number), *wall, *cpu)
    table.add_section()
    overheads = (f"{syncs.overhead:.1%}", f"{syncs.cpu_overhead:.1%}")
    table.add_row("median", "", "", overheads[0], "", "", overheads[1])
    table.title = "First sync, with the bundled embedding model"
    table.caption = f"at most {MOST_OVERHEAD:.0%}"
    return table


if __name__ == "__main__":
    main()
