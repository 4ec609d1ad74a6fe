"""Print how often a model server answers as asked: `python -m evals.structured --url …`."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from evals.structured.asking import Outcome, Server, asked
from evals.structured.questions import QUESTIONS

Found = Mapping[str, Mapping[str, Sequence[Outcome]]]


@click.command()
@click.option("--url", required=True, help="Of the server, with its /v1.")
@click.option("--model", required=True, help="Its name there.")
@click.option("--runtime", type=click.Choice(["vllm", "llama-cpp"]), default="vllm")
@click.option("--seeds", type=click.IntRange(1), default=500, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(*, url: str, model: str, runtime: str, seeds: int, as_json: bool) -> None:
    """Ask six questions with every seed, as they are and made true; exit with 1 where one fails."""
    load = os.getloadavg()[0]
    found = asyncio.run(_ask(url.rstrip("/"), model, runtime, seeds))
    if as_json:
        figures = {
            name: {way: _figures(outcomes) for way, outcomes in ways.items()}
            for name, ways in found.items()
        }
        click.echo(json.dumps({"load": load, "seeds": seeds, "questions": figures}, indent=2))
    else:
        Console().print(_table(found, seeds))
        Console().print(f"load before: {load:.1f}")
    sys.exit(not all(each.fits for ways in found.values() for each in ways["made true"]))


async def _ask(url: str, model: str, runtime: str, seeds: int) -> Found:
    timeout = aiohttp.ClientTimeout(total=600)
    found: dict[str, dict[str, Sequence[Outcome]]] = {}
    async with aiohttp.ClientSession(timeout=timeout) as session:
        server = Server(session=session, url=url, model=model, runtime=runtime)
        with Progress(console=Console(stderr=True)) as progress:
            for name, question in QUESTIONS.items():
                for way, ask in (("as it is", server.as_it_is), ("made true", server.made_true)):
                    task = progress.add_task(f"{name}, {way}", total=seeds)
                    outcomes = await asked(ask, question, seeds, lambda: progress.advance(task))  # noqa: B023 - awaited here
                    found.setdefault(name, {})[way] = outcomes
    return found


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "fit": sum(each.fits for each in outcomes),
        "at_once": sum(each.fits and each.tries == 1 for each in outcomes),
        "tokens": sum(each.tokens for each in outcomes),
        "reasons": dict(Counter(each.reason for each in outcomes if not each.fits)),
    }


def _table(found: Found, seeds: int) -> Table:
    table = Table(
        *("question", "as the server is", "made true", "of it at once", "why not"),
        title=f"answers that fit, of {seeds}",
    )
    for name, ways in found.items():
        raw, made = _figures(ways["as it is"]), _figures(ways["made true"])
        why = ", ".join(f"{number} × {reason}" for reason, number in made["reasons"].items())
        table.add_row(name, str(raw["fit"]), str(made["fit"]), str(made["at_once"]), why)
    return table


if __name__ == "__main__":
    main()
