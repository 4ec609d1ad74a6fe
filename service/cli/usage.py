"""`fumikura usage report`: what calls of models used in a month, also beside a running service."""

import json
import sys
from contextlib import AsyncExitStack
from datetime import datetime
from typing import IO, TYPE_CHECKING, Final, cast

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
@click.option(
    "--csv",
    "into",
    type=click.File("w", encoding="utf-8"),
    is_flag=False,
    flag_value="-",
    help="Write a table for spreadsheets into this file; print it when no file is named.",
)
@json_option
def report(
    *, month: str | None, group_by: str, person: str | None, into: IO[str] | None, as_json: bool
) -> None:
    """Sum up the calls of a month."""
    from service.usage.report import UsageSum  # noqa: PLC0415 - not for --help
    from service.usage.tables import as_csv  # noqa: PLC0415 - see above

    written = month or datetime.now(JAPAN).strftime("%Y-%m")
    sums, waiting = run(_sums(written, cast("GroupBy", group_by), person))
    if waiting:
        print(f"{waiting} calls are not counted yet; a service moves them.", file=sys.stderr)
    if as_json:
        print(json.dumps([each.model_dump() for each in sums], indent=2, ensure_ascii=False))
    elif into is not None:
        into.write(as_csv(sums, of=UsageSum))
    else:
        console().print(_table(written, group_by, sums))


async def _sums(
    month: str, group_by: "GroupBy", person: str | None
) -> "tuple[list[UsageSum], int]":
    """Return the sums, and how many records are still in the files of the data folder."""
    from service.usage.journal import lines_in  # noqa: PLC0415 - not for --help
    from service.usage.report import usage_of  # noqa: PLC0415 - see above
    from service.usage.spans import month_of  # noqa: PLC0415 - see above
    from service.wiring import open_records  # noqa: PLC0415 - see above

    span = month_of(month)
    settings = read_settings()
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(settings))
        waiting = lines_in(settings.usage_folder)  # before: what is moved meanwhile is told twice
        return await usage_of(records.database, span, group_by=group_by, person=person), waiting


def _table(month: str, group_by: str, sums: "list[UsageSum]") -> "Table":
    from rich.table import Table  # noqa: PLC0415 - not for --help

    from service.usage.report import total_of  # noqa: PLC0415 - see above

    table = Table(group_by, title=f"{month} · tokens, minutes, yen, seconds", show_footer=True)
    cells = [_cells(each) for each in sums]
    for title, total in _cells(total_of(sums)).items():
        table.add_column(title, total, justify="right")
    for each, row in zip(sums, cells, strict=True):
        table.add_row(each.group, *row.values())
    return table


def _cells(sums: "UsageSum") -> dict[str, str]:
    first_byte = sums.mean_first_byte_s
    return {
        "calls": f"{sums.calls:,}",
        "failed": f"{sums.failed / max(sums.calls, 1):.1%}",
        "prompt": f"{sums.prompt_tokens:,}",
        "cached": f"{sums.cached_tokens:,}",
        "completion": f"{sums.completion_tokens:,}",
        "audio": f"{sums.audio_s / _MINUTE_S:,.1f}",
        "pages": f"{sums.pages:,}",
        "yen": f"{sums.yen:,.2f}",
        "mean": f"{sums.mean_s:.2f}",
        "first byte": "" if first_byte is None else f"{first_byte:.2f}",
    }
