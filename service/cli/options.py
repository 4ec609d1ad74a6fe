"""Options that several commands share, and how a command's work is started."""

import asyncio
import logging
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")


def _some_or_all(
    _context: click.Context, _option: click.Parameter, named: tuple[str, ...]
) -> list[str] | None:
    """Return the named projects; without any, None, which stands for all."""
    return list(named) or None


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
project_option = click.option(
    "--project",
    "-p",
    "projects",
    multiple=True,
    callback=_some_or_all,
    help="Only this project; may be repeated.",
)
_INTERRUPTED = 130


def run(
    work: Coroutine[Any, Any, T],
    *,
    logged: int = logging.ERROR,
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> T:
    """Run a command's work, in the usual event loop or another; Ctrl-C ends it as shells expect.

    Of the log, what is at least as grave as `logged` goes to stderr: whoever types a command is
    told of what failed by its message, whoever runs a service needs the log.
    """
    logging.basicConfig(level=logged, format="%(levelname)s %(name)s: %(message)s")
    try:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(work)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def console(*, stderr: bool = False) -> "Console":
    """Return where tables (stdout) or progress (stderr) go."""
    from rich.console import Console  # noqa: PLC0415 - half the time that --help may take

    return Console(stderr=stderr, highlight=False, soft_wrap=False)
