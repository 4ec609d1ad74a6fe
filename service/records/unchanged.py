"""Remember what was read from the database for as long as nothing is written to it."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from service.records.database import Database

_MOST: Final = 1024

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


@dataclass(slots=True)
class Unchanged(Generic[KeyT, ValueT]):
    """Gives what a new reading would give; where the database cannot tell, it is read each time."""

    database: Database
    _version: int | None = None
    _kept: dict[KeyT, ValueT] = field(default_factory=dict[KeyT, ValueT])

    async def get(self, key: KeyT, read: Callable[[], Awaitable[ValueT]]) -> ValueT:
        """Return what `read` gives now: what it gave before, unless anything was written since.

        Raises:
            ServiceUnreachable: the database does not answer.
        """
        version = self.database.version()  # before reading: what comes meanwhile makes it old
        if version is None:
            return await read()
        if version != self._version or len(self._kept) >= _MOST:
            self._version = version
            self._kept.clear()
        if key in self._kept:
            return self._kept[key]
        value = await read()
        if version == self._version:
            self._kept[key] = value
        return value
