"""What was used in a span of time, in Japan: summed by the database, for people and programs."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Executable, String, case, cast, func, select

from service.records.database import Database
from service.records.models import UsageRow
from service.usage.spans import Span

GroupBy = Literal["model", "person", "key", "day"]


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


def total_of(sums: Sequence[UsageSum]) -> UsageSum:
    """Return the sum of groups; its mean to the first byte is not known from theirs."""
    calls = sum(each.calls for each in sums)
    seconds = sum(each.mean_s * each.calls for each in sums)
    return UsageSum(
        group="",
        calls=calls,
        failed=sum(each.failed for each in sums),
        prompt_tokens=sum(each.prompt_tokens for each in sums),
        cached_tokens=sum(each.cached_tokens for each in sums),
        completion_tokens=sum(each.completion_tokens for each in sums),
        audio_s=sum(each.audio_s for each in sums),
        pages=sum(each.pages for each in sums),
        yen=sum(each.yen for each in sums),
        mean_s=seconds / calls if calls else 0.0,
        mean_first_byte_s=None,
    )


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
