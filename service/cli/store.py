"""`fumikura store plan`: what a vector store for so many passages takes."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from service.cli.options import console, json_option

if TYPE_CHECKING:
    from rich.table import Table

    from rag.store.plan import Plan
    from rag.store.schema import Quantisation

_GIB = 2**30


class _Given(TypedDict):
    """What a demand takes as it is."""

    quantisation: "Quantisation"
    replicas: int
    terms: int
    payload_bytes: int


def _whole(_: click.Context, option: click.Parameter, value: float) -> int:
    """Take 1e9 for a billion."""
    if value < 1 or value != int(value) or value > 1e15:
        raise click.BadParameter("write a whole number from 1 on, such as 1e9", param=option)
    return int(value)


@click.group("store")
def store() -> None:
    """Plan the vector store. 検索用データベースの規模を見積もる."""


@store.command("plan")
@click.option("--chunks", type=float, callback=_whole, required=True, help="Passages, such as 1e9.")
@click.option(
    "--dim", type=click.IntRange(1, 65_536), default=1024, show_default=True, help="Of the model."
)
@click.option(
    "--quantisation",
    type=click.Choice(["none", "int8", "turbo4"]),
    default="int8",
    show_default=True,
    help="Of the vectors in memory.",
)
@click.option("--replicas", type=click.IntRange(1, 10), default=2, show_default=True)
@click.option("--terms", type=click.IntRange(1), default=130, show_default=True, help="A passage.")
@click.option(
    "--payload-bytes", type=click.IntRange(1), default=1500, show_default=True, help="A passage."
)
@click.option("--ram-per-node", type=float, default=256, show_default=True, help="GiB.")
@click.option("--disk-per-node", type=float, default=4096, show_default=True, help="GiB.")
@json_option
def plan(
    *,
    chunks: int,
    dim: int,
    ram_per_node: float,
    disk_per_node: float,
    as_json: bool,
    **given: Unpack[_Given],
) -> None:
    """Print shards, nodes, memory and disk, and the formulas they come from.

    1e9 件のパッセージに要るノード数、メモリ、ディスクを式とともに示す.
    """
    from rag.store.plan import Demand, plan  # noqa: PLC0415 - --help needs no formulas

    if min(ram_per_node, disk_per_node) <= 0:
        raise click.BadParameter("a node has more than 0 GiB of memory and of disk")
    demand = Demand(
        chunks=chunks,
        dimensions=dim,
        ram_per_node=max(int(ram_per_node * _GIB), 1),
        disk_per_node=max(int(disk_per_node * _GIB), 1),
        **given,
    )
    planned = plan(demand)
    if as_json:
        print(json.dumps({"demand": asdict(demand), "plan": asdict(planned)}, indent=2))
    else:
        console().print(_table(planned, f"{chunks:,} passages of {dim} numbers"))


def _table(planned: "Plan", title: str) -> "Table":
    from rich.table import Table  # noqa: PLC0415 - --help needs no tables

    table = Table("bytes a passage", "memory", "disk", "formula", title=title)
    for part in planned.parts:
        table.add_row(part.name, f"{part.ram:,.0f}", f"{part.disk:,.0f}", part.formula)
    table.add_section()
    table.add_row("all replicas, GiB", f"{planned.ram / _GIB:,.0f}", f"{planned.disk / _GIB:,.0f}")
    table.add_row(
        "nodes", f"{planned.nodes_for_ram}", f"{planned.nodes_for_disk}", f"take {planned.nodes}"
    )
    table.add_row("shards", "", "", f"{planned.shards}, spread evenly")
    return table
