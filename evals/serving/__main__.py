"""Print what users get of a model server: `python -m evals.serving --url … --model …`."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from evals.serving.load import Length, Served, Server, served

LENGTHS: Final[Mapping[str, Length]] = {
    "single question": Length(prompt=100, answer=200),
    "paper summary": Length(prompt=4_000, answer=200),
}
_EACH: Final = 4
"""Calls one after the other, of each that ask at once."""
_LEAST: Final = 8
_ROWS: Final = {
    "tokens_per_s": "tokens/s",
    "written_per_s": "of these written",
    "first_s": "first token, s",
    "first_p99_s": "its p99, s",
    "inter_token_s": "token to token, s",
    "whole_s": "whole answer, s",
    "failed": "failed",
}
Found = Mapping[str, Mapping[int, Mapping[str, Served]]]


@click.command()
@click.option("--url", required=True, help="Of the model server, with its /v1.")
@click.option("--model", required=True, help="Its name there.")
@click.option("--gateway", help="The gateway before it, with its /v1.")
@click.option("--gateway-model", help="The model's name there, where it is another one.")
@click.option("--key", envvar="FUMIKURA_API_KEY", help="Of the gateway (FUMIKURA_API_KEY).")
@click.option("--at-once", type=int, multiple=True, default=(1, 4, 16, 64), show_default=True)
@click.option("--load", "loads", type=click.Choice(sorted(LENGTHS)), multiple=True)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(  # noqa: PLR0913 - the command's options
    url: str,
    model: str,
    *,
    gateway: str | None,
    gateway_model: str | None,
    key: str | None,
    at_once: tuple[int, ...],
    loads: tuple[str, ...],
    as_json: bool,
) -> None:
    """Ask with prompts and answers of two lengths, more and more at once; straight, and through."""
    servers = {"straight": Server(url.rstrip("/"), model)}
    if gateway is not None:
        servers["gateway"] = Server(gateway.rstrip("/"), gateway_model or model, key)
    load = os.getloadavg()[0]
    found = asyncio.run(_measured(servers, loads or tuple(LENGTHS), at_once))
    if as_json:
        plain = {
            name: {
                str(number): {way: asdict(each) for way, each in ways.items()}
                for number, ways in numbers.items()
            }
            for name, numbers in found.items()
        }
        click.echo(json.dumps({"load": load, "served": plain}, indent=2))
        return
    for name in found:
        Console().print(_table(name, found[name]))
    Console().print(f"load before: {load:.1f}")


async def _measured(
    servers: Mapping[str, Server], loads: tuple[str, ...], at_once: tuple[int, ...]
) -> Found:
    found: dict[str, dict[int, dict[str, Served]]] = {}
    with Progress(console=Console(stderr=True)) as progress:
        for name in loads:
            for number in at_once:
                calls = max(_LEAST, _EACH * number)
                for way, server in servers.items():
                    task = progress.add_task(f"{name}, {number} at once, {way}", total=calls)
                    found.setdefault(name, {}).setdefault(number, {})[way] = await served(
                        server,
                        LENGTHS[name],
                        at_once=number,
                        calls=calls,
                        progress=partial(progress.advance, task),
                    )
    return found


def _table(name: str, numbers: Mapping[int, Mapping[str, Served]]) -> Table:
    table = Table("at once", "", *_ROWS.values(), title=f"{name}: {LENGTHS[name]}")
    for number, ways in numbers.items():
        for way, each in ways.items():
            table.add_row(str(number), way, *(f"{value:,.3g}" for value in asdict(each).values()))
        if len(ways) == 2:
            one, other = (asdict(each) for each in ways.values())
            ratios = [f"{other[row] / one[row]:.2f}" if one[row] else "" for row in _ROWS]
            table.add_row("", "ratio", *ratios)
    return table


if __name__ == "__main__":
    main()
