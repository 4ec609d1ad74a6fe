"""Run the sample check over judged descriptions: `python -m evals.sample_quality --data DIR`."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import click
from pydantic import TypeAdapter
from rich.console import Console
from rich.table import Table

from evals.sample_quality.bench import measure
from evals.sample_quality.cases import load_cases
from evals.sample_quality.scoring import Agreement, Score, Share, micro

_WATCHED_TAGS = ("injection", "placeholder", "negation")


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="Folder that holds cases.jsonl.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
def main(data: Path, *, as_json: bool) -> None:
    """Measure the deterministic part: no chat model is asked."""
    total = asyncio.run(measure(load_cases(data / "cases.jsonl")))
    if as_json:
        click.echo(TypeAdapter(Score).dump_json(total, indent=1))
    else:
        _show(total, Console())


def _show(total: Score, console: Console) -> None:
    console.print(_agreements("Aspects (present or not)", total.aspects))
    console.print(_agreements("Findings (code and place)", total.findings))
    console.print(_shares(total))
    for mistake in total.mistaken:
        console.print(mistake, markup=False)


def _agreements(title: str, agreements: Mapping[str, Agreement]) -> Table:
    table = Table("", "precision", "recall", "hits", "false alarms", "misses", title=title)
    for name, agreement in sorted(agreements.items()):
        table.add_row(*_row(name, agreement))
    table.add_section()
    table.add_row(*_row("all", micro(agreements.values())))
    return table


def _row(name: str, agreement: Agreement) -> list[str]:
    counts = (agreement.hits, agreement.false_alarms, agreement.misses)
    measures = (f"{agreement.precision:.3f}", f"{agreement.recall:.3f}")
    return [name, *measures, *map(str, counts)]


def _shares(total: Score) -> Table:
    shares: dict[str, Share] = {
        "overall verdict": total.overall,
        "overall verdict, profile left to the rules": total.overall_unnamed,
        "states (present, partial, missing)": total.states,
        "quotes that overlap the judged words": total.quotes,
        "open required aspects named in the message": total.asked,
        **{f"overall verdict, tag {tag}": total.by_tag[tag] for tag in _WATCHED_TAGS},
    }
    table = Table("", "share", "right", "of", title="Shares")
    for name, share in shares.items():
        table.add_row(name, f"{share.value:.3f}", str(share.right), str(share.of))
    return table


if __name__ == "__main__":
    main()
