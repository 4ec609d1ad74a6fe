"""`fumikura eval retrieval DIR…`: how well the search finds what people judged relevant."""

import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import click

from service.cli.options import console, json_option, run

if TYPE_CHECKING:
    from evals.retrieval.bench import Bench
    from evals.retrieval.collection import Collection
    from evals.retrieval.run import Run
    from service.settings import Settings


class _Asked(TypedDict):
    """What is measured."""

    mixed: bool
    peers: bool
    queries: int | None


def _writable(_: click.Context, option: click.Parameter, file: Path | None) -> Path | None:
    """Refuse before minutes of work what could not be written after them."""
    if file is not None and not file.parent.is_dir():
        raise click.BadParameter(f"There is no folder {file.parent}.", param=option)
    return file


@click.group("eval")
def eval() -> None:  # noqa: A001 - the command's name
    """Measure this installation's models and search. Its own index is not touched."""


@eval.command("retrieval")
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option("--mixed", is_flag=True, help="Also ask each set's queries over all sets together.")
@click.option("--peers", is_flag=True, help="Also measure bm25s, LlamaIndex, and Qdrant's fusion.")
@click.option("--queries", "--part", type=click.IntRange(1), help="Only so many of each set.")
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), callback=_writable, help="Keep it."
)
@click.option(
    "--against",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Compare with a run that was kept.",
)
@click.option("--gate", is_flag=True, help="Exit with 1 where a rule is broken.")
@json_option
def retrieval(
    *,
    folders: Sequence[Path],
    save: Path | None,
    against: Path | None,
    gate: bool,
    as_json: bool,
    **asked: Unpack[_Asked],
) -> None:
    """Index test collections, search them, and print nDCG@10, Recall@10, Recall@100 and MRR@10.

    A DIR holds corpus.jsonl, queries.jsonl (or both with .gz) and qrels.tsv, or is a folder of such
    folders. The models are those of the settings; the index is made in a temporary folder.
    """
    from evals.retrieval.collection import load_collections  # noqa: PLC0415 - half of --help's time
    from evals.retrieval.run import load_run, save_run  # noqa: PLC0415 - see above

    before = load_run(against) if against else None
    collections = load_collections(folders)
    if asked["queries"]:
        collections = [each.part(asked["queries"]) for each in collections]
    made = run(_measured(collections, asked))
    if save:
        save_run(made, save)
    broken = _tell(made, before, collections, as_json=as_json)
    if gate and broken:
        print(*broken, sep="\n", file=sys.stderr)
        sys.exit(1)


def _tell(
    made: "Run", before: "Run | None", collections: "Sequence[Collection]", *, as_json: bool
) -> list[str]:
    """Print everything; return the rules that were broken."""
    from evals.retrieval.comparison import compare  # noqa: PLC0415 - see `retrieval`
    from evals.retrieval.gate import broken, judge  # noqa: PLC0415 - see `retrieval`
    from evals.retrieval.report import facts, tables  # noqa: PLC0415 - see `retrieval`

    verdicts = judge(made, before)
    differences = compare(before, made) if before else []
    if as_json:
        print(json.dumps(facts(made, verdicts, differences), ensure_ascii=False, indent=1))
    else:
        queries = {each.name: each.queries for each in collections}
        for table in tables(made, verdicts, differences, queries):
            console().print(table, "")
    return [f"{each.name}: {each.rule}: {each.found}" for each in broken(verdicts)]


async def _measured(collections: "Sequence[Collection]", asked: _Asked) -> "Run":
    from evals.retrieval.evaluation import NO_PEERS, evaluate  # noqa: PLC0415 - see `retrieval`
    from evals.retrieval.peers import PEERS  # noqa: PLC0415 - see `retrieval`
    from evals.retrieval.progress import shown_progress  # noqa: PLC0415 - see `retrieval`
    from evals.retrieval.run import new_run  # noqa: PLC0415 - see `retrieval`

    with TemporaryDirectory(prefix="fumikura-eval-") as folder, shown_progress() as begin:
        async with _open_bench(Path(folder)) as bench:
            sets = await evaluate(
                collections,
                bench,
                begin,
                mixed=asked["mixed"],
                peers=PEERS if asked["peers"] else NO_PEERS,
            )
            return new_run(sets, command=_command(collections, asked), model=bench.embedder.model)


@asynccontextmanager
async def _open_bench(folder: Path) -> "AsyncGenerator[Bench]":
    """Open the models of the settings and an empty embedded store in `folder`."""
    from evals.retrieval.bench import Bench  # noqa: PLC0415 - see `retrieval`
    from evals.retrieval.records import RunRecords  # noqa: PLC0415 - see `retrieval`
    from service.models import open_models  # noqa: PLC0415 - loads the models' libraries
    from service.stores import open_stores  # noqa: PLC0415 - see `retrieval`

    settings = _settings(folder)
    async with AsyncExitStack() as stack:
        models = await open_models(settings, stack)
        embedder = next(iter(models.embedders.values()))
        store = await stack.enter_context(open_stores(settings)).open(embedder)
        stack.push_async_callback(store.close)
        yield Bench(
            store=store,
            embedder=embedder,
            records=RunRecords(),
            reranker=models.reranker(embedder, store),
        )


def _settings(folder: Path) -> "Settings":
    """Return the settings with everything that is kept in `folder`, also if there is a server."""
    from service.settings import read_settings  # noqa: PLC0415 - see `retrieval`

    settings = read_settings(data_folder=folder, url=None)
    embedded = settings.qdrant.model_copy(update={"url": None})
    return settings.model_copy(update={"qdrant": embedded})


def _command(collections: "Sequence[Collection]", asked: _Asked) -> str:
    """Return what was typed, without where it was typed."""
    options: dict[str, Any] = dict(asked)
    given = [
        f"--{name}" if value is True else f"--{name} {value}"
        for name, value in options.items()
        if value
    ]
    names = [each.name for each in collections]
    return " ".join(["fumikura eval retrieval", *names, *given])
