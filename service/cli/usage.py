"""`fumikura usage report`: what calls of models used in a month, also beside a running service."""

import json
import sys
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Final, cast

import click

from service.cli.options import console, json_option, run
from service.japan import JAPAN
from service.settings import read_settings

if TYPE_CHECKING:
    from rich.table import Table

    from service.usage.report import GroupBy, UsageSum

_GROUPS: Final = ("model", "person", "key", "day")
_MINUTE_S: Final = 60


@click.group("usage")
def usage() -> None:
    """Tell what calls of models used. モデルの利用量を集計する."""


@usage.command("report")
@click.option("--month", help="Such as 2026-11, in Japan; this month when absent.")
@click.option("--by", "group_by", type=click.Choice(_GROUPS), default="model", show_default=True)
@click.option("--person", help="Of one person or program alone; its id.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for spreadsheets.")
@json_option
def report(
    *, month: str | None, group_by: str, person: str | None, as_csv: bool, as_json: bool
) -> None:
    """Sum up the calls of a month."""
    from service.usage.report import as_csv as table_of  # noqa: PLC0415 - not for --help

    written = month or datetime.now(JAPAN).strftime("%Y-%m")
    sums, waiting = run(_sums(written, cast("GroupBy", group_by), person))
    if waiting:
        print(f"{waiting} calls are not counted yet; a service moves them.", file=sys.stderr)
    if as_json:
        print(json.dumps([each.model_dump() for each in sums], indent=2, ensure_ascii=False))
    elif as_csv:
        print(table_of(sums), end="")
    else:
        console().print(_table(written, group_by, sums))


async def _sums(
    month: str, group_by: "GroupBy", person: str | None
) -> "tuple[list[UsageSum], int]":
    """Return the sums, and how many records are still in the files of the data folder."""
    from service.usage.journal import lines_in  # noqa: PLC0415 - not for --help
    from service.usage.report import month_of, usage_of  # noqa: PLC0415 - see above
    from service.wiring import open_records  # noqa: PLC0415 - see above

    span = month_of(month)
    settings = read_settings()
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(settings))
        sums = await usage_of(records.database, span, group_by=group_by, person=person)
        return sums, lines_in(settings.usage_folder)


def _table(month: str, group_by: str, sums: "list[UsageSum]") -> "Table":
    from rich.table import Table  # noqa: PLC0415 - not for --help

    titles = ("calls", "failed", "prompt", "cached", "completion", "audio", "pages", "yen", "mean")
    table = Table(group_by, title=f"{month} · tokens, minutes, yen, seconds")
    for title in titles:
        table.add_column(title, justify="right")
    for each in sums:
        table.add_row(
            each.group,
            f"{each.calls:,}",
            f"{each.failed:,}",
            f"{each.prompt_tokens:,}",
            f"{each.cached_tokens:,}",
            f"{each.completion_tokens:,}",
            f"{each.audio_s / _MINUTE_S:,.1f}",
            f"{each.pages:,}",
            f"{each.yen:,.2f}",
            f"{each.mean_s:.2f}",
        )
    return table
