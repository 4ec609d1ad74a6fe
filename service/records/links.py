"""Linked tokens, as they lie in the database: sealed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.rdm.settings import InstanceName
from service.records.database import Database
from service.records.models import KeyRow, LinkedTokenRow

_KEY: Final = "key:"
_BY_SUBJECT: Final = select(LinkedTokenRow).order_by(
    LinkedTokenRow.subject, LinkedTokenRow.instance
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRecord:
    """A sealed token, whose it is, and whom RDM knows by it."""

    subject: str
    instance: InstanceName
    ciphertext: bytes
    sealed_with: str
    user_id: str
    user_name: str
    linked_at: datetime


def key_subject(key_id: str) -> str:
    """Return whose links those of an API key are."""
    return f"{_KEY}{key_id}"


def source_subject(project_id: str) -> str:
    """Return whose link the token is that reads a source."""
    return f"source:{project_id}"


async def links_of(session: AsyncSession, subject: str) -> list[LinkRecord]:
    """Return the links of a subject, by instance, within a transaction."""
    rows = await session.scalars(_BY_SUBJECT.where(LinkedTokenRow.subject == subject))
    return [_record(row) for row in rows]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class LinkRecords:
    """Each method is one transaction."""

    database: Database
    now: Callable[[], datetime] = _now

    async def save(self, link: LinkRecord) -> None:
        """Insert a link, or put it in the place of the subject's former one to that instance."""
        try:
            await self._save(link)
        except IntegrityError:  # PostgreSQL: someone else inserted one meanwhile
            await self._save(link)

    async def _save(self, link: LinkRecord) -> None:
        async with self.database.write() as session:
            await session.merge(_row(link))

    async def find(self, subject: str, instance: InstanceName) -> LinkRecord | None:
        """Return one link, or None."""
        async with self.database.read() as session:
            row = await session.get(LinkedTokenRow, (subject, instance))
        return None if row is None else _record(row)

    async def list_of(self, subject: str) -> list[LinkRecord]:
        """Return the links of a subject, by instance."""
        async with self.database.read() as session:
            return await links_of(session, subject)

    async def list_all(self) -> list[LinkRecord]:
        """Return every link, by subject and instance."""
        async with self.database.read() as session:
            return [_record(row) for row in await session.scalars(_BY_SUBJECT)]

    async def reseal(self, former: LinkRecord, *, ciphertext: bytes, sealed_with: str) -> bool:
        """Replace the seal of a link; False where it was unlinked or linked anew meanwhile."""
        async with self.database.write() as session:
            written = await session.scalars(
                update(LinkedTokenRow)
                .where(
                    LinkedTokenRow.subject == former.subject,
                    LinkedTokenRow.instance == former.instance,
                    LinkedTokenRow.ciphertext == former.ciphertext,
                )
                .values(ciphertext=ciphertext, sealed_with=sealed_with)
                .returning(LinkedTokenRow.subject)
            )
            return written.first() is not None

    async def remove(self, subject: str, instance: InstanceName | None = None) -> int:
        """Forget a subject's link to an instance, or all of its links; return how many."""
        unwanted = delete(LinkedTokenRow).where(LinkedTokenRow.subject == subject)
        if instance is not None:
            unwanted = unwanted.where(LinkedTokenRow.instance == instance)
        async with self.database.write() as session:
            return len((await session.scalars(unwanted.returning(LinkedTokenRow.instance))).all())

    async def remove_of_dead_keys(self) -> int:
        """Forget the links of keys that are revoked, expired or not there; return how many."""
        alive = select(_KEY + KeyRow.id).where(
            KeyRow.revoked_at.is_(None),
            or_(KeyRow.expires_at.is_(None), KeyRow.expires_at > self.now()),
        )
        unwanted = delete(LinkedTokenRow).where(
            LinkedTokenRow.subject.startswith(_KEY), LinkedTokenRow.subject.not_in(alive)
        )
        async with self.database.write() as session:
            gone = await session.scalars(unwanted.returning(LinkedTokenRow.subject))
            return len(gone.all())


def _row(link: LinkRecord) -> LinkedTokenRow:
    return LinkedTokenRow(
        subject=link.subject,
        instance=link.instance,
        ciphertext=link.ciphertext,
        sealed_with=link.sealed_with,
        user_id=link.user_id,
        user_name=link.user_name,
        linked_at=link.linked_at,
    )


def _record(row: LinkedTokenRow) -> LinkRecord:
    return LinkRecord(
        subject=row.subject,
        instance=cast("InstanceName", row.instance),
        ciphertext=row.ciphertext,
        sealed_with=row.sealed_with,
        user_id=row.user_id,
        user_name=row.user_name,
        linked_at=row.linked_at,
    )
