"""What calls of models used, and how much a person may use."""

from typing import Annotated, Any, Final, Literal

from fastapi import Body, Path, Query, Response
from pydantic import BaseModel, Field

from contracts.principal import Principal
from contracts.problems import NotAllowed
from service.limits.persons import PersonLimits
from service.limits.spans import UNLIMITED, Limits
from service.rest.context import Caller, Opened
from service.rest.guard import guarded_router
from service.rest.plain_text import PLAIN_TEXT
from service.rest.problems import GrantTooNarrow
from service.usage.report import GroupBy, UsageSum, as_csv, month_of, usage_of
from service.wiring import Resources

router = guarded_router("usage")

PersonId = Annotated[str, Path(min_length=1, max_length=128, pattern=PLAIN_TEXT)]
_CSV: dict[int | str, dict[str, object]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}}
}


_LIMITS: Final[Any] = {
    "student": {
        "summary": "20 calls a minute, 1,000 yen a month",
        "value": {"requests_per_minute": 20, "yen_per_month": 1_000},
    }
}


class UsageReport(BaseModel, frozen=True):
    """The calls of a month."""

    month: str
    group_by: GroupBy
    usage: list[UsageSum]


class UsageAsked(BaseModel, frozen=True, extra="forbid"):
    """Which calls are summed, and how."""

    month: str = Field(max_length=20, description="Such as 2026-11, in Japan.")
    group_by: GroupBy = "model"
    person: str | None = Field(
        default=None,
        max_length=128,
        pattern=PLAIN_TEXT,
        description="With the scope `admin` anybody's; else one's own.",
    )
    everybody: bool = Field(default=False, description="Needs the scope `admin`.")
    format: Literal["json", "csv"] = "json"


@router.get("/v1/usage", response_model=UsageReport, responses=_CSV)
async def get_usage(
    asked: Annotated[UsageAsked, Query()], caller: Caller, opened: Opened
) -> UsageReport | Response:
    """Sum up a month: one's own calls, or with the scope `admin` those of others."""
    others = asked.everybody or asked.person not in {None, caller.id}
    if others and "admin" not in caller.scopes:
        raise NotAllowed("admin")
    span = month_of(asked.month)
    whose = None if asked.everybody else asked.person or caller.id
    sums = await usage_of(opened.records.database, span, group_by=asked.group_by, person=whose)
    if asked.format == "csv":
        return Response(as_csv(sums), media_type="text/csv; charset=utf-8")
    return UsageReport(month=asked.month, group_by=asked.group_by, usage=sums)


@router.get("/v1/persons/{principal_id}/limits")
async def get_limits(principal_id: PersonId, opened: Opened) -> Limits:
    """Return what all keys of a person may use together."""
    return await PersonLimits(opened.records.database).of(principal_id)


@router.put("/v1/persons/{principal_id}/limits")
async def set_limits(
    principal_id: PersonId,
    limits: Annotated[Limits, Body(openapi_examples=_LIMITS)],
    caller: Caller,
    opened: Opened,
) -> Limits:
    """Set what all keys of a person may use together; it holds within a second."""
    persons = PersonLimits(opened.records.database)
    if await _is_limited(caller, opened) and (
        principal_id == caller.id or not limits.is_within(await persons.of(caller.id))
    ):
        raise GrantTooNarrow("who is limited cannot set wider limits, nor own ones")
    await persons.set(principal_id, limits)
    return limits


async def _is_limited(caller: Principal, opened: Resources) -> bool:
    if caller.key_id is None:
        return False
    key = await opened.records.keys.find(caller.key_id)
    own = await PersonLimits(opened.records.database).of(caller.id)
    return key.limits != UNLIMITED or own != UNLIMITED
