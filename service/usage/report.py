"""What was used in a span of time, in Japan: summed by the database, for people and programs."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Executable, String, case, cast, func, select

from service.japan import JAPAN
from service.records.database import Database
from service.records.models import UsageRow
from service.usage.problems import MonthUnreadable

GroupBy = Literal["model", "person", "key", "day"]
_MONTH: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class UsageSum(BaseModel, frozen=True):
    """The calls of a model, a person, a key or a day."""

    group: str = Field(description="Of which model, person, key or day (in Japan).")
    calls: int
    failed: int = Field(description="Calls that ended without an answer.")
    prompt_tokens: int
    cached_tokens: int = Field(description="Of the prompt tokens.")
    completion_tokens: int
    audio_s: float
    pages: int
    yen: float
    mean_s: float = Field(description="Seconds a call took.")
    mean_first_byte_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From a moment on, until another."""

    since: datetime
    until: datetime


def month_of(written: str) -> Span:
    """Return a month in Japan, written as `2026-11`.

    Raises:
        MonthUnreadable: it is none.
    """
    found = _MONTH.fullmatch(written)
    if found is None or found["year"] == "0000":
        raise MonthUnreadable(written)
    year, month = int(found["year"]), int(found["month"])
    since = datetime(year, month, 1, tzinfo=JAPAN)
    is_last = month == 12
    if is_last and year == 9999:
        raise MonthUnreadable(written)
    until = datetime(year + is_last, 1 if is_last else month + 1, 1, tzinfo=JAPAN)
    return Span(since=since.astimezone(UTC), until=until.astimezone(UTC))


async def usage_of(
    database: Database, span: Span, *, group_by: GroupBy, person: str | None = None
) -> list[UsageSum]:
    """Return the sums of a span, of everybody or of one person; the dearest group first."""
    async with database.read() as session:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        rows = await session.execute(_query(_group(group_by, is_sqlite=is_sqlite), span, person))
        sums = [UsageSum.model_validate(row, from_attributes=True) for row in rows]
    if group_by == "day":
        return sorted(sums, key=lambda each: each.group)
    return sorted(sums, key=lambda each: (-each.yen, -each.calls, each.group))


def as_csv(sums: Sequence[UsageSum]) -> str:
    """Return a table as RFC 4180 has it; what a spreadsheet would take for a formula is text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(UsageSum.model_fields), lineterminator="\r\n")
    writer.writeheader()
    for each in sums:
        writer.writerow(each.model_dump() | {"group": _as_text(each.group)})
    return out.getvalue()


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _group(group_by: GroupBy, *, is_sqlite: bool) -> ColumnElement[str]:
    match group_by:
        case "model":
            return UsageRow.model.expression
        case "person":
            return UsageRow.principal_id.expression
        case "key":
            return func.coalesce(UsageRow.key_id, "")
        case "day":
            if is_sqlite:
                return func.date(UsageRow.ended_at, "+9 hours")
            return cast(func.date(func.timezone("Asia/Tokyo", UsageRow.ended_at)), String)


def _query(group: ColumnElement[str], span: Span, person: str | None) -> Executable:
    within = [UsageRow.ended_at >= span.since, UsageRow.ended_at < span.until]
    if person is not None:
        within.append(UsageRow.principal_id == person)
    return (
        select(
            group.label("group"),
            func.count().label("calls"),
            func.sum(case((UsageRow.outcome == "failed", 1), else_=0)).label("failed"),
            func.sum(UsageRow.prompt_tokens).label("prompt_tokens"),
            func.sum(UsageRow.cached_tokens).label("cached_tokens"),
            func.sum(UsageRow.completion_tokens).label("completion_tokens"),
            func.sum(UsageRow.audio_s).label("audio_s"),
            func.sum(UsageRow.pages).label("pages"),
            (func.sum(UsageRow.microyen) / 1_000_000.0).label("yen"),
            func.avg(UsageRow.seconds).label("mean_s"),
            func.avg(UsageRow.first_byte_s).label("mean_first_byte_s"),
        )
        .where(*within)
        .group_by(group)
    )
