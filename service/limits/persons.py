"""What all keys of a person may use together."""

from dataclasses import dataclass

from service.limits.spans import UNLIMITED, Limits
from service.records.database import Database
from service.records.models import PersonLimitsRow


@dataclass(frozen=True, slots=True)
class PersonLimits:
    """The limits of persons and programs, by the id that their keys are made for."""

    database: Database

    async def of(self, principal_id: str) -> Limits:
        """Return the limits of a person; of one that nobody set any for, none."""
        async with self.database.read() as session:
            row = await session.get(PersonLimitsRow, principal_id)
        return UNLIMITED if row is None else Limits.model_validate(row.limits)

    async def set(self, principal_id: str, limits: Limits) -> None:
        """Set them; they hold within a second."""
        async with self.database.write() as session:
            row = await session.get(PersonLimitsRow, principal_id)
            if row is None:
                row = PersonLimitsRow(principal_id=principal_id)
                session.add(row)
            row.limits = limits.model_dump(exclude_none=True)
