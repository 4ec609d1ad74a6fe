"""Print nDCG@10 of the shipped search, its parts and its peers on test collections."""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Column, Table

from evals.retrieval.bench import Bench, ReadableProjects
from evals.retrieval.collection import Collection, load_collection
from inference.local_embedder import open_local_embedder
from rag.store.edge import EdgeStore

Figures = dict[str, dict[str, float]]
"""nDCG@10 by collection and contender."""


@click.command()
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of collections: corpus.jsonl.gz, queries.jsonl.gz and qrels.tsv in each.",
)
@click.option("--set", "names", multiple=True, help="Only this collection; may be repeated.")
@click.option("--mixed", is_flag=True, help="Search each set's queries over all sets together.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, data: Path, names: Sequence[str], mixed: bool, as_json: bool) -> None:
    """Index test collections, search them, and print nDCG@10."""
    collections = [load_collection(folder) for folder in _folders(data, names)]
    figures = asyncio.run(_measured(collections, mixed=mixed))
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        Console().print(_table(figures))


def _folders(data: Path, names: Sequence[str]) -> list[Path]:
    found = sorted(path.parent for path in data.glob("*/qrels.tsv"))
    if unknown := set(names) - {folder.name for folder in found}:
        raise click.BadParameter(f"{data} holds no collection {', '.join(sorted(unknown))}.")
    return [folder for folder in found if not names or folder.name in names]


async def _measured(collections: Sequence[Collection], *, mixed: bool) -> Figures:
    embedder = await asyncio.to_thread(open_local_embedder, user_cache_path("fumikura"))
    with tempfile.TemporaryDirectory() as folder, _progress() as progress:
        store = await EdgeStore.open(
            Path(folder), model=embedder.model, dimensions=embedder.dimensions
        )
        try:
            bench = Bench(store=store, embedder=embedder)
            for collection in collections:
                bar = progress.add_task(f"index {collection.name}", total=len(collection.documents))
                await bench.index(collection, partial(progress.advance, bar))
            return {
                collection.name: await _measure(
                    bench, collection, collections if mixed else [collection], progress
                )
                for collection in collections
            }
        finally:
            await store.close()


async def _measure(
    bench: Bench, collection: Collection, opened: Sequence[Collection], progress: Progress
) -> dict[str, float]:
    bar = progress.add_task(f"search {collection.name}", total=len(collection.queries))
    return await bench.measure(
        collection, ReadableProjects.of(*opened), partial(progress.advance, bar)
    )


def _progress() -> Progress:
    return Progress(
        *Progress.get_default_columns()[:-1],
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def _table(figures: Figures) -> Table:
    contenders = list(dict.fromkeys(name for values in figures.values() for name in values))
    table = Table(Column("nDCG@10", no_wrap=True), *contenders)
    for name, values in figures.items():
        table.add_row(name, *(f"{values[contender]:.4f}" for contender in contenders))
    return table


if __name__ == "__main__":
    main()
