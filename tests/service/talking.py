"""A store and a database that say before each of their writes that it comes."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from rag.store.edge import EdgeStore
from rag.store.port import Point
from service.records.database import Database
from tests.service.forked import Say


class TalkingStore(EdgeStore):
    say: Say

    async def upsert(self, points: Sequence[Point]) -> None:
        self.say("upsert")
        await super().upsert(points)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        self.say("delete file")
        await super().delete_file(project_id, file_id, except_version=except_version)

    async def delete_project(self, project_id: str) -> None:
        self.say("delete project")
        await super().delete_project(project_id)

    async def flush(self) -> None:
        self.say("flush")
        await super().flush()


@dataclass
class TalkingDatabase(Database):
    inner: Database
    say: Say

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self.inner.read()

    def write(self) -> AbstractAsyncContextManager[AsyncSession]:
        self.say("write records")
        return self.inner.write()
