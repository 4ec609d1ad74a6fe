"""Print Recall@5 of identifiers, formulas and quantities: `python -m evals.identifiers`."""

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from evals.identifiers.bench import Answered, answer, recall_by_form
from evals.identifiers.fixture import notes, questions
from inference.local_embedder import open_local_embedder
from rag.store.edge import EdgeStore


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, as_json: bool) -> None:
    """Index the notes, search them, and print Recall@5 by form, with every miss."""
    answered = asyncio.run(_answered())
    if as_json:
        click.echo(json.dumps(_figures(answered), indent=2, ensure_ascii=False))
    else:
        _show(answered, Console())


async def _answered() -> list[Answered]:
    embedder = await asyncio.to_thread(open_local_embedder)
    with tempfile.TemporaryDirectory() as folder, _progress() as progress:
        store = await EdgeStore.open(
            Path(folder), model=embedder.model, dimensions=embedder.dimensions
        )
        bar = progress.add_task("search", total=len(questions()))
        try:
            return await answer(
                notes(),
                questions(),
                store=store,
                embedder=embedder,
                tick=partial(progress.advance, bar),
            )
        finally:
            await store.close()


def _progress() -> Progress:
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True))


def _figures(answered: Sequence[Answered]) -> dict[str, object]:
    return {
        "notes": len(notes()),
        "questions": len(answered),
        "recall@5": recall_by_form(answered),
        "missed": [
            {"query": each.question.text, "meant": each.question.answers, "found": each.found}
            for each in _missed(answered)
        ],
    }


def _show(answered: Sequence[Answered], console: Console) -> None:
    asked = Counter(each.question.form for each in answered) | Counter(all=len(answered))
    table = Table("", "queries", "Recall@5", title=f"Over {len(notes())} notes")
    for form, recall in recall_by_form(answered).items():
        table.add_row(form, str(asked[form]), f"{recall:.3f}")
    console.print(table)
    for each in _missed(answered):
        meant, found = ", ".join(each.question.answers), ", ".join(each.found)
        console.print(f"{each.question.text}: {meant} not among {found}", markup=False)


def _missed(answered: Sequence[Answered]) -> list[Answered]:
    return [each for each in answered if each.recall < 1]


if __name__ == "__main__":
    main()
