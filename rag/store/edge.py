"""The store on a folder of this machine: Qdrant's own segment engine, without a server.

The engine lives in a process of its own (`rag.store.edge_process`): it lets no other thread of
Python run while it works, so that here it would hold up every other caller.
"""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self, cast

from rag.fusion import NOTHING
from rag.problems import StoreProcessEnded
from rag.store.edge_calls import Engine, looked_at, start_engine, whole
from rag.store.lock import FolderLock
from rag.store.port import (
    ANY,
    AccessFilter,
    HybridQuery,
    PassageFilter,
    Point,
    Ranked,
    StoredPoint,
    StoredVectors,
    VectorQuery,
)
from rag.store.schema import Extras, Made

_DENSE_ALONE: Final = Extras()
_LOG: Final = logging.getLogger(__name__)


class EdgeStore:
    """Implements `VectorStore`. Reads and writes each take turns.

    It is fastest in the event loop that opened it; others may ask too, while that one runs or not.

    Where the process of the engine was killed, another one takes its place, and is asked again: all
    that was acknowledged is there, and what was not may be done twice. Raises `StoreProcessEnded`
    from any method where that one is killed too, or where another event loop asks.
    """

    def __init__(self, engine: Engine, lock: FolderLock, folder: Path, made: Made) -> None:
        """Take over an engine and its folder's lock; use `open`."""
        self._engine = engine
        self._lock = lock
        self._folder = folder
        self._made = made
        self._reviving: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        folder: Path,
        *,
        model: str,
        dimensions: int,
        extras: Extras = _DENSE_ALONE,
        lock: FolderLock | None = None,
    ) -> Self:
        """Open the shard for `model` inside `folder`; what is not there is made.

        A share of the folder's `lock` is for who opens several collections of one folder.

        Raises:
            StoreLocked: another process holds `folder`.
            EmbeddingModelChanged: the shard holds vectors of another model, kind or length.
        """
        if lock is None:
            lock = _locked(folder)
        made = Made(model, dimensions, extras)
        try:
            return cls(await start_engine(folder, made), lock, folder, made)
        except BaseException:
            lock.release()
            raise

    async def upsert(self, points: Sequence[Point]) -> None:
        if points:
            await self._ask("upsert", points)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        await self._ask("delete_file", project_id, file_id, except_version)

    async def delete_project(self, project_id: str) -> None:
        await self._ask("delete_project", project_id)

    async def search(
        self, queries: Sequence[VectorQuery], *, access: AccessFilter, only: PassageFilter = ANY
    ) -> list[dict[str, float]]:
        if not access.project_ids or not queries:
            return [{} for _ in queries]
        found = await self._ask("search", queries, access, only)
        return cast("list[dict[str, float]]", found)

    async def rank(
        self, query: HybridQuery, *, access: AccessFilter, only: PassageFilter = ANY
    ) -> Ranked:
        if not access.project_ids or not query.vectors:
            return Ranked(NOTHING)
        return cast("Ranked", await self._ask("rank", query, access, only))

    async def fetch(self, ids: Sequence[str], *, access: AccessFilter) -> list[StoredPoint]:
        if not access.project_ids or not ids:
            return []
        return cast("list[StoredPoint]", await self._ask("fetch", ids, access))

    async def file_points(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> list[StoredPoint]:
        if project_id not in access.project_ids:
            return []
        points = await self._ask("file_points", project_id, file_id, access)
        return cast("list[StoredPoint]", points)

    async def file_vectors(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        if project_id not in access.project_ids:
            return {}
        vectors = await self._ask("file_vectors", project_id, file_id, access)
        return cast("dict[str, StoredVectors]", vectors)

    async def vectors(
        self, ids: Sequence[str], *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        if not access.project_ids or not ids:
            return {}
        return cast("dict[str, StoredVectors]", await self._ask("vectors", ids, access))

    async def count(self, *, access: AccessFilter) -> int:
        if not access.project_ids:
            return 0
        return cast("int", await self._ask("count", access))

    async def flush(self) -> None:
        """See the port. A large store also becomes fast to search; without room it stays slow."""
        why_not = await self._ask("flush")
        if why_not is not None:
            _LOG.warning("%s", why_not)

    async def close(self) -> None:
        await whole(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        try:
            if self._reviving is not None:
                await asyncio.wait([self._reviving])
            await self._engine.close()
        finally:
            self._lock.release()

    async def _ask(self, method: str, *arguments: object) -> object:
        engine = self._engine
        try:
            return await engine.ask(method, *arguments)
        except StoreProcessEnded:
            await self._revive(engine)
        return await self._engine.ask(method, *arguments)

    async def _revive(self, ended: Engine) -> None:
        """Put another engine in the place of one that has ended, once for all who notice.

        Raises:
            StoreProcessEnded: the store is closed, or it is another loop's to do.
        """
        if not ended.is_of_this_loop:
            raise StoreProcessEnded
        if self._engine is not ended:
            return
        if self._reviving is None or self._reviving.done():
            self._reviving = asyncio.create_task(self._replace(ended))
            self._reviving.add_done_callback(looked_at)
        await asyncio.shield(self._reviving)

    async def _replace(self, ended: Engine) -> None:
        if ended.is_closed:
            raise StoreProcessEnded
        _LOG.warning("The engine of the store in %s was killed: it is started anew", self._folder)
        await ended.wait()
        self._engine = await start_engine(self._folder, self._made)


def _locked(folder: Path) -> FolderLock:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FolderLock(folder)
