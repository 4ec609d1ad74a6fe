"""API keys: listed, made, revoked, each within the bounds of the key that asks."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import Body, Path
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, field_validator

from contracts.principal import Principal, Scope
from contracts.problems import NotAllowed
from rag.models import ProjectId
from service.access.who_reads import is_granted
from service.keys import EVERY_MODEL, KeyInfo, KeyOrder, NewKey
from service.limits.persons import PersonLimits
from service.limits.spans import UNLIMITED, Limits
from service.problems import KeyUnknown
from service.rest.context import Caller, Opened
from service.rest.guard import guarded_router
from service.rest.plain_text import PLAIN_TEXT
from service.rest.problems import FieldInvalid, GrantTooNarrow
from service.wiring import Resources

router = guarded_router("keys")

KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")]

ModelName = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PLAIN_TEXT)]
_READER: Final[Any] = {
    "reader": {
        "summary": "Search and agents in one project, until the end of 2030",
        "value": {
            "name": "山田さんのノートPC",
            "principal_id": "yamada",
            "scopes": ["read", "agents"],
            "projects": ["alloy"],
            "expires_at": "2030-12-31T23:59:59+09:00",
        },
    }
}


_WEEK: Final[Any] = {"week": {"summary": "Both for a week", "value": {"overlap_s": 604_800}}}


class KeyRequest(BaseModel, frozen=True):
    """What a new key shall allow."""

    name: str = Field(
        min_length=1,
        max_length=200,
        pattern=PLAIN_TEXT,
        description="For people: whose it is, and where it is used.",
    )
    principal_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=128,
        pattern=PLAIN_TEXT,
        description="The person or program it is for; whoever makes it, when absent.",
    )
    scopes: frozenset[Scope] = Field(min_length=1)
    projects: list[ProjectId | Literal["*"]] = Field(
        max_length=1000, description='Ids of the projects it may see, or `["*"]` for every one.'
    )
    expires_at: AwareDatetime | None = Field(default=None, description="Never, when absent.")
    models: list[ModelName | Literal["*"]] = Field(
        default=[EVERY_MODEL],
        max_length=1000,
        description='Ids of the models that it may call, or `["*"]` for every one.',
    )
    limits: Limits = Field(default=UNLIMITED, description="What it may use of models.")

    @field_validator("expires_at")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        try:
            return None if moment is None else moment.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("beyond the year 9999 in UTC") from error


class Rotation(BaseModel, frozen=True):
    """How a key is replaced."""

    overlap_s: int = Field(
        default=7 * 86_400, ge=0, le=366 * 86_400, description="Seconds that both are valid."
    )


class KeyList(BaseModel, frozen=True):
    """Keys, the newest first; never the keys themselves."""

    keys: list[KeyInfo]


@router.get("/v1/keys")
async def list_keys(caller: Caller, opened: Opened) -> KeyList:
    """List the keys that see no more projects than the one that asks, revoked ones included."""
    granted = await opened.access.granted(caller)
    keys = await opened.records.keys.list_all()
    return KeyList(keys=[key for key in keys if is_within(key.projects, granted)])


@router.post("/v1/keys", status_code=201)
async def create_key(
    asked: Annotated[KeyRequest, Body(openapi_examples=_READER)], caller: Caller, opened: Opened
) -> NewKey:
    """Make a key that may do no more than the one that asks. It is shown this once."""
    refuse_more_than_own(asked, caller, await opened.access.granted(caller))
    if asked.expires_at is not None and asked.expires_at <= datetime.now(UTC):
        raise FieldInvalid("expires_at", "lies in the past")
    if caller.key_id is not None:
        maker = await opened.records.keys.find(caller.key_id)
        refuse_longer_life(asked, maker)
        refuse_more_of_models(asked, maker)
        if not await _is_within_person(
            caller, asked.principal_id or caller.id, asked.limits, opened
        ):
            raise GrantTooNarrow("who is limited cannot make keys for others with wider limits")
    order = KeyOrder(
        name=asked.name,
        principal_id=asked.principal_id or caller.id,
        scopes=asked.scopes,
        projects=asked.projects,
        expires_at=asked.expires_at,
        models=asked.models,
        limits=asked.limits,
    )
    return await opened.records.keys.create(order)


@router.post("/v1/keys/{key_id}/rotate", status_code=201)
async def rotate_key(
    key_id: KeyId,
    asked: Annotated[Rotation, Body(openapi_examples=_WEEK)],
    caller: Caller,
    opened: Opened,
) -> NewKey:
    """Make a key that may do what another one may; that one ends after the overlap."""
    former = await opened.records.keys.find(key_id)
    granted = await opened.access.granted(caller)
    maker = None if caller.key_id is None else await opened.records.keys.find(caller.key_id)
    is_own = maker is None or (
        is_covered(former, maker)
        and await _is_within_person(caller, former.principal_id, former.limits, opened)
    )
    if not is_own or not is_within(former.projects, granted):
        raise KeyUnknown(key_id)
    return await opened.records.keys.rotate(key_id, overlap=timedelta(seconds=asked.overlap_s))


@router.delete("/v1/keys/{key_id}")
async def revoke_key(key_id: KeyId, caller: Caller, opened: Opened) -> KeyInfo:
    """Refuse a key from now on; its record stays."""
    granted = await opened.access.granted(caller)
    key = await opened.records.keys.find(key_id)
    if not is_within(key.projects, granted):
        raise KeyUnknown(key_id)
    return await opened.records.keys.revoke(key_id)


async def _is_within_person(
    caller: Principal, person: str, limits: Limits, opened: Resources
) -> bool:
    """Tell whether a key for a person is limited as the one who makes it is."""
    persons = PersonLimits(opened.records.database)
    own = await persons.of(caller.id)
    return person == caller.id or limits.is_within(own) or (await persons.of(person)).is_within(own)


def is_within(projects: Collection[str], granted: Collection[str]) -> bool:
    """Tell whether a grant covers all of `projects`."""
    return all(is_granted(project, granted) for project in projects)


def refuse_more_than_own(asked: KeyRequest, caller: Principal, granted: Collection[str]) -> None:
    """Let pass a key that may do no more than its maker.

    Raises:
        NotAllowed: names a scope that the maker lacks.
        GrantTooNarrow: it would see more projects.
    """
    for scope in sorted(asked.scopes - caller.scopes):
        raise NotAllowed(scope)
    if not is_within(asked.projects, granted):
        raise GrantTooNarrow("a key cannot see more projects than the one that makes it")


def refuse_longer_life(asked: KeyRequest, maker: KeyInfo) -> None:
    """Let pass a key that ends no later than its maker.

    Raises:
        FieldInvalid: it would go on after that.
    """
    end = maker.expires_at
    if end is not None and (asked.expires_at is None or asked.expires_at > end):
        raise FieldInvalid("expires_at", "a key cannot outlive the one that makes it")


def is_covered(key: KeyInfo, maker: KeyInfo) -> bool:
    """Tell whether a key, its projects apart, may do no more than another, and ends no later."""
    ends_later = maker.expires_at is not None and (
        key.expires_at is None or key.expires_at > maker.expires_at
    )
    calls_more = EVERY_MODEL not in maker.models and not set(key.models) <= set(maker.models)
    is_wider = not set(key.scopes) <= set(maker.scopes) or not key.limits.is_within(maker.limits)
    return not (ends_later or calls_more or is_wider)


def refuse_more_of_models(asked: KeyRequest, maker: KeyInfo) -> None:
    """Let pass a key that may call no more models than its maker, and use no more of them.

    Raises:
        GrantTooNarrow: it would.
    """
    if EVERY_MODEL not in maker.models and not set(asked.models) <= set(maker.models):
        raise GrantTooNarrow("a key cannot call more models than the one that makes it")
    if not asked.limits.is_within(maker.limits):
        raise GrantTooNarrow("a key cannot have wider limits than the one that makes it")
