"""The store in this process: Qdrant's own segment engine on a folder, without a server."""

import asyncio
import logging
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self, TypeVar

import qdrant_edge as edge

from rag.store.edge_answering import Answering
from rag.store.edge_form import (
    conditions,
    engine_point,
    equals,
    inside,
    projects_in,
    request,
    stored_vectors,
)
from rag.store.edge_shard import Made, OpenShard, drop_earlier, open_shard, optimised
from rag.store.lock import FolderLock
from rag.store.port import (
    ANY,
    AccessFilter,
    PassageFilter,
    Point,
    ScoredPoint,
    StoredPoint,
    StoredVectors,
    VectorQuery,
)
from rag.store.schema import TENANT_FIELD, Extras, vector_names

_THREADS = 4
_PAGE = 512
_OPTIMIZE_EVERY = 10_000  # points written: below it a full scan answers in a few milliseconds
_OPTIMIZED_SHARE = 10  # and a tenth of all: a copy is made of all, and must not be made too often
_DENSE_ALONE: Final = Extras()
_LOG: Final = logging.getLogger(__name__)

T = TypeVar("T")


class EdgeStore:
    """Implements `VectorStore`. Searches run side by side; writes take turns."""

    def __init__(self, opened: OpenShard, lock: FolderLock, made: Made) -> None:
        """Take over an open shard and its folder's lock; use `open`."""
        self._opened = opened
        self._answering = Answering(opened.shard)
        self._lock = lock
        self._made = made
        self._extras = made.extras
        self._names = vector_names(made.extras)
        self._written = 0
        self._projects = projects_in(opened.shard)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="edge-store")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="edge-store-writer")

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
        return await asyncio.to_thread(cls._open, folder, Made(model, dimensions, extras), lock)

    @classmethod
    def _open(cls, folder: Path, made: Made, lock: FolderLock | None) -> Self:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = lock or FolderLock(folder)
        try:
            return cls(open_shard(folder, made), lock, made)
        except BaseException:
            lock.release()
            raise

    async def upsert(self, points: Sequence[Point]) -> None:
        if points:
            await self._write(self._upsert, points)

    def _upsert(self, points: Sequence[Point]) -> None:
        # Before they are there; and none is taken out but by the next start: one too many is safe.
        self._projects |= {str(point.payload[TENANT_FIELD]) for point in points}
        self._update(edge.UpdateOperation.upsert_points([engine_point(point) for point in points]))
        self._written += len(points)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        kept: list[edge.ConditionType] = []
        if except_version is not None:
            kept.append(equals("version", except_version))
        doomed = edge.Filter(
            must=[equals(TENANT_FIELD, project_id), equals("file_id", file_id)], must_not=kept
        )
        await self._write(self._update, edge.UpdateOperation.delete_points_by_filter(doomed))

    async def delete_project(self, project_id: str) -> None:
        doomed = edge.Filter(must=[equals(TENANT_FIELD, project_id)])
        await self._write(self._update, edge.UpdateOperation.delete_points_by_filter(doomed))

    async def search(
        self, queries: Sequence[VectorQuery], *, access: AccessFilter, only: PassageFilter = ANY
    ) -> list[list[ScoredPoint]]:
        if not access.project_ids or not queries:
            return [[] for _ in queries]
        return await self._run(self._search, queries, access, only)

    def _search(
        self, queries: Sequence[VectorQuery], access: AccessFilter, only: PassageFilter
    ) -> list[list[ScoredPoint]]:
        filters = inside(access, *conditions(only)), self._corpus(access)
        requests = [request(query, *filters, self._extras) for query in queries]
        with self._answering.reading() as shard:
            found = shard.query_batch(edge.QueryBatchRequest(requests))
        if filters[1] is None and self._corpus(access) is not None:
            return self._search(queries, access, only)  # a project came meanwhile
        return [[ScoredPoint(str(hit.id), hit.score) for hit in hits] for hits in found]

    def _corpus(self, access: AccessFilter) -> edge.Filter | None:
        """Return where to count how rare terms are; None, which is faster, if `access` is all."""
        return None if self._projects <= access.project_ids else inside(access)

    async def fetch(self, ids: Sequence[str], *, access: AccessFilter) -> list[StoredPoint]:
        if not access.project_ids or not ids:
            return []
        records = await self._run(self._retrieve, ids, access)
        return [StoredPoint(str(record.id), record.payload or {}) for record in records]

    async def file_points(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> list[StoredPoint]:
        if project_id not in access.project_ids:
            return []
        file = [equals(TENANT_FIELD, project_id), equals("file_id", file_id)]
        records = await self._run(self._scroll, inside(access, *file))
        points = [StoredPoint(str(record.id), record.payload or {}) for record in records]
        return sorted(points, key=lambda point: int(point.payload["ordinal"]))

    async def file_vectors(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        if project_id not in access.project_ids:
            return {}
        file = [equals(TENANT_FIELD, project_id), equals("file_id", file_id)]
        records = await self._run(self._scroll, inside(access, *file), self._names)
        held = {str(record.id): stored_vectors(record) for record in records}
        return {point: vectors for point, vectors in held.items() if vectors.dense}

    async def vectors(
        self, ids: Sequence[str], *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        if not access.project_ids or not ids:
            return {}
        records = await self._run(self._retrieve, ids, access, self._names)
        return {str(record.id): stored_vectors(record) for record in records}

    async def count(self, *, access: AccessFilter) -> int:
        if not access.project_ids:
            return 0
        return await self._run(self._count, inside(access))

    async def flush(self) -> None:
        await self._write(self._flush)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _update(self, operation: edge.UpdateOperation) -> None:
        self._opened.shard.update(operation)

    def _flush(self) -> None:
        self._opened.shard.flush()
        if self._written < _OPTIMIZE_EVERY:
            return
        held = self._opened.shard.count(edge.CountRequest(exact=False))
        if self._written >= held // _OPTIMIZED_SHARE:
            self._written = 0
            self._optimise()

    def _optimise(self) -> None:
        """Let an optimised copy take over; searches go on in the shard as it is until then.

        Without room for a copy the shard stays as it is, whole but slower.
        """
        try:
            opened = optimised(self._opened, self._made)
        except (subprocess.CalledProcessError, OSError) as error:
            _LOG.warning("The store in %s is not optimised: %s", self._opened.path.parent, error)
            return
        earlier, self._opened = self._opened, opened
        self._answering.replace(self._opened.shard)
        drop_earlier(earlier)

    def _count(self, inside: edge.Filter) -> int:
        with self._answering.reading() as shard:
            return shard.count(edge.CountRequest(filter=inside))

    def _retrieve(
        self, ids: Sequence[str], access: AccessFilter, vectors: Sequence[str] = ()
    ) -> list[edge.Record]:
        """Return the points with these ids whose project may be seen.

        By id, which is faster than a filter. With `vectors`, of the payload the project alone.
        """
        payload: bool | list[str] = [TENANT_FIELD] if vectors else True
        with self._answering.reading() as shard:
            records = shard.retrieve(list(ids), payload, list(vectors))
        return [
            record
            for record in records
            if (record.payload or {}).get(TENANT_FIELD) in access.project_ids
        ]

    def _scroll(self, inside: edge.Filter, vectors: Sequence[str] = ()) -> list[edge.Record]:
        """Return the points inside a filter: their payload, or these vectors instead."""
        found: list[edge.Record] = []
        offset: edge.PointId | None = None
        with self._answering.reading() as shard:
            while True:
                page = edge.ScrollRequest(
                    offset=offset,
                    limit=_PAGE,
                    filter=inside,
                    with_payload=not vectors,
                    with_vector=list(vectors),
                )
                records, offset = shard.scroll(page)
                found += records
                if offset is None:
                    return found

    def _close(self) -> None:
        self._writer.shutdown(wait=True)
        self._threads.shutdown(wait=True)
        try:
            self._opened.shard.flush()
            self._opened.shard.close()
        finally:
            self._lock.release()

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """Read in a thread of the store."""
        return await _in_thread(self._threads, work, *arguments)

    async def _write(self, work: Callable[..., T], *arguments: object) -> T:
        """Write when it is this work's turn: in the one thread for it, so that no reader waits."""
        return await _in_thread(self._writer, work, *arguments)


async def _in_thread(threads: ThreadPoolExecutor, work: Callable[..., T], *arguments: object) -> T:
    """Run `work` in one of these threads; a cancelled caller waits until it is over.

    So it is neither torn in half nor done after what the caller's successor does.
    """
    working = asyncio.get_running_loop().run_in_executor(threads, work, *arguments)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait([working])
        raise
