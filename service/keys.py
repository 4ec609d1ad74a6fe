"""API keys: made, shown once, recognised, revoked."""

import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256

from pydantic import BaseModel, Field
from sqlalchemy import delete, func, select, update

from contracts.principal import Principal, Scope
from service.limits.spans import UNLIMITED, Limits
from service.problems import KeyEnded, KeyInvalid, KeyUnknown
from service.records.database import Database
from service.records.links import key_subject
from service.records.models import KeyRow, LinkedTokenRow
from service.records.unchanged import Unchanged

EVERY_PROJECT = "*"
EVERY_MODEL = "*"
USE_NOTED_EVERY = timedelta(minutes=1)
_KEY = re.compile(r"fmk_(?P<id>[0-9a-f]{12})_[0-9a-f]{64}")


class KeyInfo(BaseModel, frozen=True):
    """What is shown of a key: never the key itself."""

    id: str = Field(description="The key starts with `fmk_` and this.")
    name: str
    principal_id: str = Field(description="The person or program it was made for.")
    scopes: list[Scope]
    projects: list[str] = Field(description='Project ids it may see, or ["*"] for all.')
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    models: list[str] = Field(description='Ids of the models it may call, or ["*"] for all.')
    limits: Limits = Field(description="Of this key and of those that it replaces.")
    family: str = Field(description="Id of the first of the keys that replaced each other.")


class NewKey(BaseModel, frozen=True):
    """A key that was just made; `key` is shown this once and kept nowhere."""

    key: str
    info: KeyInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOrder:
    """What a new key shall allow; `projects` are ids or `EVERY_PROJECT`."""

    name: str
    principal_id: str
    scopes: frozenset[Scope]
    projects: Sequence[str]
    expires_at: datetime | None = None
    models: Sequence[str] = (EVERY_MODEL,)
    limits: Limits = UNLIMITED


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys in the database, as HMAC-SHA256 under a secret that is not in the database.

    A revoked key is refused from the next request on, on every process: nothing is remembered
    beyond the next write to the database.
    """

    database: Database
    secret: bytes = field(repr=False)
    now: Callable[[], datetime] = _now
    _rows: Unchanged[str, KeyRow | None] = field(init=False)

    def __post_init__(self) -> None:
        """Remember keys until anything is written."""
        object.__setattr__(self, "_rows", Unchanged(self.database))

    async def create(self, order: KeyOrder) -> NewKey:
        """Make a key of 256 random bits."""
        key, row = self._new(order)
        async with self.database.write() as session:
            session.add(row)
        return NewKey(key=key, info=_info(row))

    async def rotate(self, key_id: str, *, overlap: timedelta) -> NewKey:
        """Make a key that may do what another one may, which ends after `overlap`.

        What is used of limits counts for both.

        Raises:
            KeyUnknown: there is no such key.
            KeyEnded: it is revoked, or has expired.
        """
        now = self.now()
        async with self.database.write() as session:
            # Locked: a key that is just being revoked has no successor.
            former = await session.get(KeyRow, key_id, with_for_update=True)
            if former is None:
                raise KeyUnknown(key_id)
            if not _is_valid(former, now):
                raise KeyEnded(key_id)
            key, row = self._new(_order(former), family=former.family)
            session.add(row)
            ends = now + overlap
            former.expires_at = min(ends, former.expires_at or ends)
        return NewKey(key=key, info=_info(row))

    async def list_all(self) -> list[KeyInfo]:
        """Return every key, the newest first, revoked ones included."""
        async with self.database.read() as session:
            rows = await session.scalars(select(KeyRow).order_by(KeyRow.created_at.desc()))
            return [_info(row) for row in rows]

    async def find(self, key_id: str) -> KeyInfo:
        """Return one key, revoked or not.

        Raises:
            KeyUnknown: there is no such key.
        """
        async with self.database.read() as session:
            row = await session.get(KeyRow, key_id)
        if row is None:
            raise KeyUnknown(key_id)
        return _info(row)

    async def count(self) -> int:
        """Return how many keys were ever made."""
        async with self.database.read() as session:
            return await session.scalar(select(func.count()).select_from(KeyRow)) or 0

    async def revoke(self, key_id: str) -> KeyInfo:
        """Refuse this key from now on, and forget its links; again keeps the first time.

        Raises:
            KeyUnknown: there is no such key.
        """
        async with self.database.write() as session:
            row = await session.get(KeyRow, key_id)
            if row is None:
                raise KeyUnknown(key_id)
            row.revoked_at = row.revoked_at or self.now()
            await session.execute(
                delete(LinkedTokenRow).where(LinkedTokenRow.subject == key_subject(key_id))
            )
        return _info(row)

    async def verify(self, key: str) -> Principal:
        """Return who holds this key.

        Raises:
            KeyInvalid: malformed, unknown, expired or revoked, without saying which.
        """
        return principal_of(await self.verified(key))

    async def verified(self, key: str) -> KeyInfo:
        """Return what a key allows.

        Raises:
            KeyInvalid: malformed, unknown, expired or revoked, without saying which.
        """
        row = await self._find(key)
        if not _is_valid(row, self.now()):
            raise KeyInvalid
        await self._note_use(row)
        return _info(row)

    async def granted_projects(self, key_id: str) -> frozenset[str]:
        """Return the project ids that a valid key may see, or `EVERY_PROJECT`; else nothing."""
        return self.granted_by(await self._read(key_id))

    def granted_by(self, row: KeyRow | None) -> frozenset[str]:
        """Return the same as `granted_projects`, of a key as it was read."""
        if row is None or not _is_valid(row, self.now()):
            return frozenset()
        return frozenset(row.projects)

    def _new(self, order: KeyOrder, *, family: str | None = None) -> tuple[str, KeyRow]:
        key_id = secrets.token_hex(6)
        key = f"fmk_{key_id}_{secrets.token_hex(32)}"
        row = KeyRow(
            id=key_id,
            key_hash=self._hash(key),
            name=order.name,
            principal_id=order.principal_id,
            scopes=sorted(order.scopes),
            projects=list(order.projects),
            created_at=self.now(),
            expires_at=order.expires_at,
            models=list(order.models),
            limits=order.limits.model_dump(exclude_none=True),
            family=family or key_id,
        )
        return key, row

    async def _find(self, key: str) -> KeyRow:
        parts = _KEY.fullmatch(key)
        if parts is None:
            raise KeyInvalid
        row = await self._rows.get(parts["id"], partial(self._read, parts["id"]))
        given = self._hash(key)
        expected = row.key_hash if row is not None else self._hash("no such key")
        if not hmac.compare_digest(given, expected) or row is None:
            raise KeyInvalid
        return row

    async def _read(self, key_id: str) -> KeyRow | None:
        async with self.database.read() as session:
            return await session.get(KeyRow, key_id)

    async def _note_use(self, row: KeyRow) -> None:
        now = self.now()
        if row.last_used_at is not None and now - row.last_used_at < USE_NOTED_EVERY:
            return
        async with self.database.write() as session:
            await session.execute(
                update(KeyRow).where(KeyRow.id == row.id).values(last_used_at=now)
            )

    def _hash(self, key: str) -> str:
        return hmac.new(self.secret, key.encode(), sha256).hexdigest()


def _is_valid(row: KeyRow, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or now < row.expires_at)


def principal_of(key: KeyInfo) -> Principal:
    """Return who holds a key."""
    return Principal(
        id=key.principal_id, name=key.name, scopes=frozenset(key.scopes), key_id=key.id
    )


def _order(row: KeyRow) -> KeyOrder:
    info = _info(row)
    return KeyOrder(
        name=info.name,
        principal_id=info.principal_id,
        scopes=frozenset(info.scopes),
        projects=info.projects,
        expires_at=info.expires_at,
        models=info.models,
        limits=info.limits,
    )


def _info(row: KeyRow) -> KeyInfo:
    return KeyInfo.model_validate(row, from_attributes=True)
