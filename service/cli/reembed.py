"""`fumikura reembed`: move to another embedding model while searches and syncs go on."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Final

import click

from service.cli.moving import followed, open_mover
from service.cli.options import console, json_option, run
from service.cli.progress import time_left
from service.cli.reembed_view import state_view
from service.generations.choosing import Order
from service.generations.state import ReembeddingState
from service.remote_desk import ServiceSaid
from service.settings import read_settings

_STOPPED: Final = (
    "No longer followed. A running service goes on with it; else `fumikura serve`, or the same"
    " command again, does.\n"
    "表示を終了しました。動作中のサービスが続行します。なければ同じコマンドで再開できます。"
)
_STAGES: Final = {
    "checking": "Checking",
    "building": "Embedding",
    "catching_up": "Catching up",
    "switching": "Switching",
    "dropping": "Removing",
}


@click.group("reembed")
def reembed() -> None:
    """Move to the embedding model of FUMIKURA_NEXT_EMBEDDING__… without downtime.

    `start` fills a collection aside, `switch` lets it answer, `rollback` takes that back, and
    `drop` removes the collection that does not answer.
    """


@reembed.command("start")
@json_option
def start(*, as_json: bool) -> None:
    """Embed all passages with the next model, aside, and verify what came of it."""
    _show(run(_carry_out("start", quiet=as_json)), as_json=as_json)


@reembed.command("status")
@json_option
def status(*, as_json: bool) -> None:
    """Say which model answers, and how far the move to another one is."""
    _show(run(_status()), as_json=as_json)


@reembed.command("switch")
@json_option
def switch(*, as_json: bool) -> None:
    """Let the next model answer: catch up, let syncs rest, verify, and switch, all or nothing."""
    _show(run(_carry_out("switch", quiet=as_json)), as_json=as_json)


@reembed.command("rollback")
@json_option
def rollback(*, as_json: bool) -> None:
    """Let the former model answer again, with what was indexed since the switch."""
    _show(run(_carry_out("rollback", quiet=as_json)), as_json=as_json)


@reembed.command("drop")
@json_option
def drop(*, as_json: bool) -> None:
    """Remove the collection that does not answer: the next one, or the former one."""
    _show(run(_carry_out("drop", quiet=as_json)), as_json=as_json)


async def _status() -> ReembeddingState:
    async with open_mover(read_settings()) as mover:
        return await mover.state()


async def _carry_out(order: Order, *, quiet: bool) -> ReembeddingState:
    """Give an order and follow it to its end.

    Raises:
        ServiceSaid: it was stopped by a problem.
    """
    async with open_mover(read_settings()) as mover:
        ordered = await mover.order(order)
        try:
            async with aclosing(followed(mover, ordered)) as states:
                state = await _last_shown(states, quiet=quiet)
        except asyncio.CancelledError:  # Ctrl-C
            print(_STOPPED, file=sys.stderr)
            raise
    if state.error is not None:
        raise ServiceSaid(state.error)
    return state


def _show(state: ReembeddingState, *, as_json: bool) -> None:
    if as_json:
        print(state.model_dump_json(indent=2))
    else:
        console().print(state_view(state))


async def _last_shown(states: AsyncIterator[ReembeddingState], *, quiet: bool) -> ReembeddingState:
    """Move a progress bar as the work moves, and return its last state."""
    from rich.progress import (  # noqa: PLC0415 - see console()
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("passages {task.fields[left]} {task.fields[why]}", markup=False),
    )
    last: ReembeddingState | None = None
    with Progress(*columns, console=console(stderr=True), disable=quiet) as bar:
        task = bar.add_task("Waiting", total=None, left="", why="")
        async for state in states:
            last = state
            known = state.progress
            bar.update(
                task,
                description=_STAGES.get(state.stage, "Done"),
                completed=known.passages if known else 0,
                total=known.passages_total if known else None,
                left=time_left(known.eta_s if known else None),
                why=state.error.message if state.error else "",
            )
    if last is None:
        raise RuntimeError("a followed state is shown at least once")
    return last
