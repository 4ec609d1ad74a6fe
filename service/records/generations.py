"""Which collection answers, in the database; every step to another one is one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from contracts.problems import ProblemBody
from rag.reembedding import ReembeddingProgress, Verification
from service.generations.state import AT_WORK, Collection, ReembeddingState, Stage
from service.records.database import Database
from service.records.models import GenerationsRow, IndexedFileRow, JobRow, ProjectRow

LEASE: Final = timedelta(seconds=30)
_ONLY: Final = 1
_UNKNOWN: Final = ""
"""The collection of rows that are older than the table."""


@dataclass(frozen=True, slots=True)
class GenerationRecords:
    """The one row. `owner` names a worker: only the holder of the lease takes a step."""

    database: Database

    async def find(self) -> ReembeddingState | None:
        """Return the state; None where no collection has ever answered."""
        async with self.database.read() as session:
            row = await session.get(GenerationsRow, _ONLY)
            return None if row is None else _state(row)

    async def adopt(self, collection: Collection) -> ReembeddingState:
        """Let a collection answer where none has yet; what was indexed before is its own.

        Returns the state: of processes that start together, the first one has set it.
        """
        try:
            return await self._adopt(collection)
        except IntegrityError:  # PostgreSQL: another process inserted the row meanwhile
            return await self._adopt(collection)

    async def _adopt(self, collection: Collection) -> ReembeddingState:
        async with self.database.write() as session:
            row = await session.get(GenerationsRow, _ONLY)
            if row is None:
                row = GenerationsRow(
                    id=_ONLY, active=collection.name, active_model=collection.model, stage="idle"
                )
                session.add(row)
                await session.flush()
                await session.execute(
                    update(IndexedFileRow)
                    .where(IndexedFileRow.collection == _UNKNOWN)
                    .values(collection=collection.name)
                )
            return _state(row)

    async def replace(self, former: Collection, collection: Collection) -> ReembeddingState:
        """Let an empty collection answer in the place of `former`: the next syncs fill it.

        Logs of RDM are trusted no more: they say nothing about what this collection holds.
        """
        async with self.database.write() as session:
            row = await _locked(session)
            if row.active == former.name:
                row.active, row.active_model = collection.name, collection.model
                await session.execute(update(ProjectRow).values(log_mark=None, listed_at=None))
            return _state(row)

    async def order(
        self, before: ReembeddingState, stage: Stage, *, other: Collection | None = None
    ) -> ReembeddingState | None:
        """Begin a stage, `other` being filled aside; None where the state is another by now.

        What stopped the work before is forgotten.
        """
        async with self.database.write() as session:
            row = await _locked(session)
            if _position(_state(row)) != _position(before):
                return None
            row.stage, row.error = stage, None
            if other is not None:
                row.other, row.other_model, row.other_is = other.name, other.model, "next"
                row.progress = row.verification = None
            return _state(row)

    async def claim(self, owner: str) -> ReembeddingState | None:
        """Take up work that nobody does; None where there is none."""
        now = datetime.now(UTC)
        free = or_(
            GenerationsRow.lease_until.is_(None),
            GenerationsRow.lease_until < now,
            GenerationsRow.lease_owner == owner,
        )
        async with self.database.write() as session:
            wanted = select(GenerationsRow).where(GenerationsRow.stage.in_(AT_WORK), free)
            row = (await session.scalars(wanted.with_for_update())).first()
            if row is None or _state(row).rests:
                return None
            row.lease_owner, row.lease_until = owner, now + LEASE
            return _state(row)

    async def renew(self, owner: str, progress: ReembeddingProgress | None) -> Stage | None:
        """Prolong the lease and keep the progress; return the stage, None where it is lost."""
        async with self.database.write() as session:
            row = await _held(session, owner)
            if row is None:
                return None
            row.lease_until = datetime.now(UTC) + LEASE
            if progress is not None:
                row.progress = progress.model_dump(mode="json")
            return cast("Stage", row.stage)

    async def advance(
        self,
        owner: str,
        stage: Stage,
        following: Stage,
        *,
        verification: Verification | None = None,
        error: ProblemBody | None = None,
    ) -> bool:
        """Go on from `stage` to the following one; False where the lease or the stage is lost.

        With an error, or where there is nothing more to do, the lease ends.
        """
        async with self.database.write() as session:
            row = await _held(session, owner)
            if row is None or row.stage != stage:
                return False
            row.stage = following
            row.error = None if error is None else error.model_dump(mode="json")
            if verification is not None:
                row.verification = verification.model_dump(mode="json")
            if _state(row).rests:
                row.lease_owner = row.lease_until = None
            return True

    async def flip(self, owner: str, verification: Verification) -> bool:
        """Let the other collection answer, and keep the one that did.

        False, and nothing is done, where the lease is lost or a sync runs.
        """
        async with self.database.write() as session:
            row = await _held(session, owner)
            if row is None or row.stage != "switching" or await _has_running_sync(session):
                return False
            active = row.active, row.active_model
            row.active, row.active_model = cast("str", row.other), cast("str", row.other_model)
            row.other, row.other_model = active
            row.other_is = "former" if row.other_is == "next" else "next"
            row.stage, row.switched_at, row.error = "ready", datetime.now(UTC), None
            row.verification = verification.model_dump(mode="json")
            row.lease_owner = row.lease_until = None
            return True

    async def forget_other(self, owner: str) -> bool:
        """Forget the other collection with its records; False where the lease is lost."""
        async with self.database.write() as session:
            row = await _held(session, owner)
            if row is None or row.stage != "dropping":
                return False
            await session.execute(
                delete(IndexedFileRow).where(IndexedFileRow.collection == row.other)
            )
            row.other = row.other_model = row.other_is = None
            row.progress = row.verification = row.error = None
            row.stage, row.lease_owner, row.lease_until = "idle", None, None
            return True

    async def has_running_sync(self) -> bool:
        """Tell whether some worker has a sync."""
        async with self.database.read() as session:
            return await _has_running_sync(session)

    async def release(self, owner: str) -> None:
        """Let another process go on at once."""
        async with self.database.write() as session:
            await session.execute(
                update(GenerationsRow)
                .where(GenerationsRow.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
            )

    async def release_all(self) -> None:
        """Let go on whoever starts: for the one process that may index here, at its start."""
        async with self.database.write() as session:
            await session.execute(update(GenerationsRow).values(lease_owner=None, lease_until=None))


async def syncs_shall_rest(session: AsyncSession) -> bool:
    """Tell, within a transaction, whether syncs wait while another collection begins to answer.

    Until the transaction ends, no switch can come to its end.
    """
    wanted = select(GenerationsRow).where(GenerationsRow.id == _ONLY).with_for_update(read=True)
    row = (await session.scalars(wanted)).first()
    return row is not None and row.stage == "switching" and _is_held(row)


async def _has_running_sync(session: AsyncSession) -> bool:
    running = select(JobRow.id).where(
        JobRow.status == "running", JobRow.lease_until > datetime.now(UTC)
    )
    return await session.scalar(running.limit(1)) is not None


async def _locked(session: AsyncSession) -> GenerationsRow:
    return await session.get_one(GenerationsRow, _ONLY, with_for_update=True)


async def _held(session: AsyncSession, owner: str) -> GenerationsRow | None:
    """Return the row, locked, if its lease is the owner's and has not run out."""
    row = await session.get(GenerationsRow, _ONLY, with_for_update=True)
    if row is None or row.lease_owner != owner or not _is_held(row):
        return None
    return row


def _is_held(row: GenerationsRow) -> bool:
    return row.lease_until is not None and row.lease_until > datetime.now(UTC)


def _position(state: ReembeddingState) -> tuple[Collection, Collection | None, Stage]:
    return state.active, state.other, state.stage


def _state(row: GenerationsRow) -> ReembeddingState:
    return ReembeddingState.model_validate(
        {
            "active": Collection(row.active, row.active_model),
            "other": None if row.other is None else Collection(row.other, row.other_model or ""),
            "other_is": row.other_is,
            "stage": row.stage,
            "progress": row.progress,
            "verification": row.verification,
            "error": row.error,
            "switched_at": row.switched_at,
            "at_work": _is_held(row),
        }
    )
