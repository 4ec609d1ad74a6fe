"""The options that narrow a search, of `search` and `ask` alike."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

import click

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def _here(
    context: click.Context, option: click.Parameter, time: datetime | None
) -> datetime | None:
    """Return a moment in the reader's own time zone, in which tables show them, too."""
    try:
        return time and time.astimezone()
    except (OverflowError, ValueError) as error:
        raise click.BadParameter("no calendar has it", ctx=context, param=option) from error


_MOMENT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
_NARROWING: Final = (
    click.option("--type", "file_types", multiple=True, help="Only such files: pdf, xlsx."),
    click.option("--tag", "tags", multiple=True, help="Only with this tag or keyword."),
    click.option("--path", "paths", multiple=True, help="Only paths that begin so: data/2024/."),
    click.option("--language", "languages", multiple=True, help="Only passages in it: ja, en."),
    click.option(
        "--since",
        "modified_from",
        type=_MOMENT,
        callback=_here,
        help="Only files changed then or later: 2024-04-01.",
    ),
    click.option(
        "--before",
        "modified_before",
        type=_MOMENT,
        callback=_here,
        help="Only files changed before then.",
    ),
)


def narrowing_options(command: CommandT) -> CommandT:
    """Give a command the options, each named as its field of `rag.models.Narrowing`."""
    for option in reversed(_NARROWING):
        command = option(command)
    return command
