"""Calls one by one, page by page: what each used, never what it said."""

import base64
import json
import re
from datetime import UTC, datetime
from typing import Final, Literal

from pydantic import BaseModel, Field
from sqlalchemy import select, tuple_

from service.records.database import Database
from service.records.models import UsageRow
from service.usage.spans import Span

_MICROYEN: Final = 1_000_000
_ID: Final = re.compile(r"[0-9a-f-]{32,36}")


class UsageCall(BaseModel, frozen=True):
    """A call that has ended."""

    id: str
    request_id: str = Field(description="As `x-request-id` of the answer said.")
    ended_at: datetime
    person: str
    key_id: str | None
    endpoint: str
    model: str = Field(description="The one that answered.")
    asked_model: str = Field(description="As the caller named it.")
    is_stream: bool
    outcome: Literal["ok", "failed", "left"] = Field(
        description="`left`: the caller hung up before the end."
    )
    status: int
    prompt_tokens: int
    cached_tokens: int = Field(description="Of the prompt tokens.")
    completion_tokens: int
    audio_s: float
    pages: int
    yen: float
    seconds: float
    first_byte_s: float | None


class UsagePage(BaseModel, frozen=True):
    """Some calls, the first one first."""

    calls: list[UsageCall]
    next_cursor: str | None = Field(description="Ask with it for the next page; null at the end.")


async def page_of(
    database: Database, span: Span, *, person: str | None, limit: int, cursor: str | None
) -> UsagePage:
    """Return up to `limit` calls of a span, of everybody or of one person, after the cursor's.

    Calls that are recorded between two pages move no other call across.

    Raises:
        ValueError: `cursor` is none of ours.
    """
    place = (UsageRow.ended_at, UsageRow.id)
    wanted = select(UsageRow).where(UsageRow.ended_at >= span.since, UsageRow.ended_at < span.until)
    if person is not None:
        wanted = wanted.where(UsageRow.principal_id == person)
    if cursor is not None:
        wanted = wanted.where(tuple_(*place) > _place(cursor))
    async with database.read() as session:
        rows = (await session.scalars(wanted.order_by(*place).limit(limit + 1))).all()
    return UsagePage(
        calls=[_call(row) for row in rows[:limit]],
        next_cursor=_cursor(rows[limit - 1]) if len(rows) > limit else None,
    )


def _call(row: UsageRow) -> UsageCall:
    told = {name: getattr(row, name, None) for name in UsageCall.model_fields}
    told |= {"person": row.principal_id, "yen": row.microyen / _MICROYEN}
    return UsageCall.model_validate(told)


def _cursor(row: UsageRow) -> str:
    place = [row.ended_at.isoformat(), row.id]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(cursor: str) -> tuple[datetime, str]:
    try:
        place: object = json.loads(base64.urlsafe_b64decode(cursor))
    except RecursionError as error:
        raise ValueError("nested too deep for a cursor") from error
    match place:
        case [str(moment), str(id_)] if _ID.fullmatch(id_):
            return datetime.fromisoformat(moment).replace(tzinfo=UTC), id_
        case _:
            raise ValueError("not a cursor")
