"""`fumikura models serve`: start models on this machine, and serve them with keys and limits."""

import asyncio
import logging
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.gateway import serve_models
from service.cli.options import console, run
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from inference.catalogue.reading import Catalogue
    from inference.runtimes.kept import Kept


@click.command("serve")
@click.argument("names", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--weights",
    type=click.Path(exists=True, path_type=Path),
    help="The folder with its weights, or a GGUF file; for one MODEL.",
)
@click.option(
    "--on-first-call",
    is_flag=True,
    help="Start each when somebody calls it, not now.",
)
@click.option("--dry-run", is_flag=True, help="Print how the servers would be started.")
@click.option("--host", help="Address to listen on; loopback if absent (FUMIKURA_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="0 takes a free one (FUMIKURA_PORT).")
def serve(
    names: tuple[str, ...],
    weights: Path | None,
    host: str | None,
    port: int | None,
    *,
    on_first_call: bool,
    dry_run: bool,
) -> None:
    """Start models of the catalogue here, and serve them as `fumikura gateway` does.

    Without MODEL, those that the catalogue says are `here`. モデルをこのマシンで起動します.
    """
    if weights is not None and len(names) != 1:
        raise click.UsageError("--weights is for one MODEL")
    chosen: dict[str, Any] = {"host": host, "port": port}
    settings = read_settings(**{name: value for name, value in chosen.items() if value is not None})
    catalogue = _catalogue(settings, names, weights, on_first_call=on_first_call)
    if not catalogue.deployments:
        raise click.UsageError("name a MODEL: the catalogue starts none here")
    if dry_run:
        _print_commands(settings, catalogue)
        return
    import uvloop  # noqa: PLC0415 - not for --help

    work = serve_models(settings, catalogue=catalogue, until_ready=_until_ready)
    run(work, logged=logging.WARNING, loop=uvloop.new_event_loop)


def _catalogue(
    settings: Settings, names: tuple[str, ...], weights: Path | None, *, on_first_call: bool
) -> "Catalogue":
    from inference.catalogue.card import Here  # noqa: PLC0415 - not for --help
    from inference.catalogue.reading import read_catalogue  # noqa: PLC0415 - not for --help
    from service.model_servers import only_here  # noqa: PLC0415 - not for --help

    here = None
    if weights is not None or on_first_call:
        here = Here(
            weights=None if weights is None else weights.absolute(), on_first_call=on_first_call
        )
    return only_here(read_catalogue(settings.catalogue), names, here)


def _print_commands(settings: Settings, catalogue: "Catalogue") -> None:
    from service.model_servers import commands_here  # noqa: PLC0415 - not for --help

    for command in commands_here(catalogue, settings).values():
        set_first = [f"{name}={shlex.quote(value)}" for name, value in command.environment.items()]
        print(*set_first, shlex.join(command.arguments))


async def _until_ready(kept: "list[Kept]") -> None:
    """Wait for those that are being started, and show it.

    Raises:
        Problem: one of them cannot be started.
    """
    shown = console(stderr=True)
    waiting = {asyncio.create_task(each.started()): each for each in kept if each.is_wanted}
    try:
        with shown.status("") as status:
            while left := [each for task, each in waiting.items() if not task.done()]:
                names = ", ".join(each.served.id for each in left)
                status.update(f"{names}: being started; see {left[0].log.parent}")
                done, _ = await asyncio.wait(
                    [task for task in waiting if not task.done()],
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    print(f"{waiting[task].served.id} is ready: {task.result()}", file=sys.stderr)
    finally:
        for task in waiting:
            task.cancel()
