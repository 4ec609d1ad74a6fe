"""What calls of models used, and how much a person may use."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Body, Path, Query, Request, Response
from pydantic import BaseModel, Field

from contracts.principal import Principal
from contracts.problems import NotAllowed
from service.limits.persons import PersonLimits
from service.limits.spans import UNLIMITED, Limits
from service.rest.context import Caller, Opened
from service.rest.guard import guarded_router
from service.rest.plain_text import PLAIN_TEXT
from service.rest.problems import FieldInvalid, GrantTooNarrow
from service.usage.listing import UsageCall, UsagePage, page_of
from service.usage.problems import SpanAmbiguous
from service.usage.report import GroupBy, UsageSum, usage_of
from service.usage.spans import Span, days_of, month_of
from service.usage.tables import as_csv
from service.wiring import Resources

router = guarded_router("usage")

PersonId = Annotated[str, Path(min_length=1, max_length=128, pattern=PLAIN_TEXT)]
_CSV_TYPE: Final = "text/csv; charset=utf-8"
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
    """The calls of a month, or of some days."""

    since: datetime = Field(description="The first moment of it.")
    until: datetime = Field(description="The first moment after it.")
    group_by: GroupBy
    usage: list[UsageSum]


class CallsAsked(BaseModel, frozen=True, extra="forbid"):
    """Which calls are meant: of a month or of some days, and whose."""

    month: str | None = Field(
        default=None, max_length=20, description="Such as 2026-11, in Japan; or `from` and `to`."
    )
    first: date | None = Field(default=None, alias="from", description="The first day, in Japan.")
    last: date | None = Field(default=None, alias="to", description="The last day, in Japan.")
    person: str | None = Field(
        default=None,
        max_length=128,
        pattern=PLAIN_TEXT,
        description="With the scope `admin` anybody's; else one's own.",
    )
    everybody: bool = Field(default=False, description="Needs the scope `admin`.")
    format: Literal["json", "csv"] | None = Field(
        default=None, description="As `Accept` says, when absent."
    )

    def span(self) -> Span:
        """Return what `month`, or `from` and `to`, stand for.

        Raises:
            MonthUnreadable, DaysUnfit: they stand for nothing.
            SpanAmbiguous: there are not just the one or the others.
        """
        match self.month, self.first, self.last:
            case str(month), None, None:
                return month_of(month)
            case None, date() as first, date() as last:
                return days_of(first, last)
            case _:
                raise SpanAmbiguous

    def whose(self, caller: Principal) -> str | None:
        """Return the person whose calls are meant; None: everybody's.

        Raises:
            NotAllowed: the caller may see no calls of others, whether there are any or not.
        """
        others = self.everybody or self.person not in {None, caller.id}
        if others and "admin" not in caller.scopes:
            raise NotAllowed("admin")
        return None if self.everybody else self.person or caller.id


class SumsAsked(CallsAsked, frozen=True, extra="forbid"):
    """Which calls are summed, and how."""

    group_by: GroupBy = "model"


class PageAsked(CallsAsked, frozen=True, extra="forbid"):
    """Which calls are listed, and from where on."""

    limit: int = Field(default=100, ge=1, le=1000)
    cursor: str | None = Field(
        default=None, max_length=1000, description="`next_cursor` of the page before."
    )


@router.get("/v1/usage", response_model=UsageReport, responses=_CSV)
async def get_usage(
    asked: Annotated[SumsAsked, Query()], request: Request, caller: Caller, opened: Opened
) -> UsageReport | Response:
    """Sum up calls: one's own, or with the scope `admin` those of others."""
    whose, span = asked.whose(caller), asked.span()
    sums = await usage_of(opened.records.database, span, group_by=asked.group_by, person=whose)
    if _wants_csv(asked, request):
        return Response(as_csv(sums, of=UsageSum), media_type=_CSV_TYPE)
    return UsageReport(since=span.since, until=span.until, group_by=asked.group_by, usage=sums)


@router.get("/v1/usage/records", response_model=UsagePage, responses=_CSV)
async def list_usage(
    asked: Annotated[PageAsked, Query()], request: Request, caller: Caller, opened: Opened
) -> UsagePage | Response:
    """List calls one by one, the first one first: what each used, never what it said.

    As CSV, the cursor of the next page is in the header `x-next-cursor`.
    """
    whose, span = asked.whose(caller), asked.span()
    try:
        page = await page_of(
            opened.records.database, span, person=whose, limit=asked.limit, cursor=asked.cursor
        )
    except ValueError as error:
        raise FieldInvalid("cursor", "not one that this service gave") from error
    if _wants_csv(asked, request):
        more = {"x-next-cursor": page.next_cursor} if page.next_cursor else {}
        return Response(as_csv(page.calls, of=UsageCall), headers=more, media_type=_CSV_TYPE)
    return page


def _wants_csv(asked: CallsAsked, request: Request) -> bool:
    """Follow `format`, or else the type that `Accept` names first."""
    if asked.format is not None:
        return asked.format == "csv"
    first = request.headers.get("accept", "").partition(",")[0].partition(";")[0]
    return first.strip().casefold() == "text/csv"


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
