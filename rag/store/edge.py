"""The store in this process: Qdrant's own segment engine on a folder, without a server."""

import asyncio
import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Self, TypeVar, cast

import qdrant_edge as edge

from rag.problems import EmbeddingModelChanged
from rag.store.lock import FolderLock
from rag.store.port import (
    AccessFilter,
    Point,
    ScoredPoint,
    SparseVector,
    StoredPoint,
    VectorQuery,
)
from rag.store.schema import DENSE, KEYWORD_FIELDS, SPARSE, TENANT_FIELD, collection_name

_THREADS = 4
_PAGE = 512
_OPTIMIZE_EVERY = 10_000  # points written: below it a full scan answers in a few milliseconds

T = TypeVar("T")


class EdgeStore:
    """Implements `VectorStore`. Searches run side by side; writes take turns."""

    def __init__(self, shard: edge.EdgeShard, lock: FolderLock) -> None:
        """Take over an open shard and its folder's lock; use `open`."""
        self._shard = shard
        self._lock = lock
        self._writing = Lock()
        self._written = 0
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="edge-store")

    @classmethod
    async def open(cls, folder: Path, *, model: str, dimensions: int) -> Self:
        """Open the shard for `model` inside `folder`; what is not there is made.

        Raises:
            StoreLocked: another process holds `folder`.
            EmbeddingModelChanged: the shard holds vectors of another model or length.
        """
        return await asyncio.to_thread(cls._open, folder, model, dimensions)

    @classmethod
    def _open(cls, folder: Path, model: str, dimensions: int) -> Self:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FolderLock(folder)
        try:
            return cls(_open_shard(folder, model=model, dimensions=dimensions), lock)
        except BaseException:
            lock.release()
            raise

    async def upsert(self, points: Sequence[Point]) -> None:
        if points:
            await self._run(self._upsert, points)

    def _upsert(self, points: Sequence[Point]) -> None:
        self._update(edge.UpdateOperation.upsert_points([_to_engine(point) for point in points]))
        self._written += len(points)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        kept: list[edge.ConditionType] = []
        if except_version is not None:
            kept.append(_equals("version", except_version))
        doomed = edge.Filter(
            must=[_equals(TENANT_FIELD, project_id), _equals("file_id", file_id)], must_not=kept
        )
        await self._run(self._update, edge.UpdateOperation.delete_points_by_filter(doomed))

    async def delete_project(self, project_id: str) -> None:
        doomed = edge.Filter(must=[_equals(TENANT_FIELD, project_id)])
        await self._run(self._update, edge.UpdateOperation.delete_points_by_filter(doomed))

    async def search(
        self, queries: Sequence[VectorQuery], *, access: AccessFilter
    ) -> list[list[ScoredPoint]]:
        if not access.project_ids or not queries:
            return [[] for _ in queries]
        return await self._run(self._search, queries, access)

    def _search(
        self, queries: Sequence[VectorQuery], access: AccessFilter
    ) -> list[list[ScoredPoint]]:
        requests = [_request(query, _inside(access)) for query in queries]
        found = self._shard.query_batch(edge.QueryBatchRequest(requests))
        return [[ScoredPoint(str(hit.id), hit.score) for hit in hits] for hits in found]

    async def fetch(self, ids: Sequence[str], *, access: AccessFilter) -> list[StoredPoint]:
        if not access.project_ids or not ids:
            return []
        return await self._run(self._scroll, _inside(access, edge.HasIdCondition(set(ids))))

    async def file_points(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> list[StoredPoint]:
        if project_id not in access.project_ids:
            return []
        file = [_equals(TENANT_FIELD, project_id), _equals("file_id", file_id)]
        points = await self._run(self._scroll, _inside(access, *file))
        return sorted(points, key=lambda point: int(point.payload["ordinal"]))

    async def file_vectors(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> dict[str, Sequence[float]]:
        if project_id not in access.project_ids:
            return {}
        file = [_equals(TENANT_FIELD, project_id), _equals("file_id", file_id)]
        records = await self._run(self._records, _inside(access, *file), [DENSE])
        dense = {str(record.id): _dense(record) for record in records}
        return {point: vector for point, vector in dense.items() if vector is not None}

    async def count(self, *, access: AccessFilter) -> int:
        if not access.project_ids:
            return 0
        return await self._run(self._shard.count, edge.CountRequest(filter=_inside(access)))

    async def flush(self) -> None:
        await self._run(self._flush)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _update(self, operation: edge.UpdateOperation) -> None:
        with self._writing:
            self._shard.update(operation)

    def _flush(self) -> None:
        with self._writing:
            if self._written >= _OPTIMIZE_EVERY:
                self._shard.optimize()
                self._written = 0
            self._shard.flush()

    def _scroll(self, inside: edge.Filter) -> list[StoredPoint]:
        return [StoredPoint(str(each.id), each.payload or {}) for each in self._records(inside)]

    def _records(self, inside: edge.Filter, vectors: Sequence[str] = ()) -> list[edge.Record]:
        """Return the points inside a filter: their payload, or these vectors instead."""
        found: list[edge.Record] = []
        offset: edge.PointId | None = None
        while True:
            request = edge.ScrollRequest(
                offset=offset,
                limit=_PAGE,
                filter=inside,
                with_payload=not vectors,
                with_vector=list(vectors),
            )
            records, offset = self._shard.scroll(request)
            found += records
            if offset is None:
                return found

    def _close(self) -> None:
        self._threads.shutdown(wait=True)
        try:
            self._shard.flush()
            self._shard.close()
        finally:
            self._lock.release()

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """Run `work` in a thread of the store; a cancelled caller waits until it is over.

        So it is neither torn in half nor done after what the caller's successor does.
        """
        working = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            await asyncio.wait([working])
            raise


def _open_shard(folder: Path, *, model: str, dimensions: int) -> edge.EdgeShard:
    """Load the shard of `model`, or make it; an empty one of another length is replaced.

    Such a one was made under a wrong setting, before the model was first asked.
    """
    home = folder / collection_name(model)
    if not home.exists():
        _make_home(home, model, dimensions)
    made_for = _made_for(home)
    shard = edge.EdgeShard.load(str(home / "shard"))
    if made_for == (model, dimensions):
        return shard
    points = shard.count(edge.CountRequest())
    shard.close()
    if points:
        raise EmbeddingModelChanged(
            f"The store in {home}",
            holds=f"{made_for[0]} ({made_for[1]} numbers)",
            asked=f"{model} ({dimensions} numbers)",
        )
    shutil.rmtree(_unfinished(home), ignore_errors=True)
    home.rename(_unfinished(home))
    return _open_shard(folder, model=model, dimensions=dimensions)


def _make_home(home: Path, model: str, dimensions: int) -> None:
    """Make the shard aside and move it in place whole; what a kill left aside goes first."""
    unfinished = _unfinished(home)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _create_shard(unfinished / "shard", dimensions)
    facts = json.dumps({"model": model, "dimensions": dimensions})
    (unfinished / "made_for.json").write_text(facts, encoding="utf-8")
    unfinished.rename(home)


def _made_for(home: Path) -> tuple[str, int]:
    facts = json.loads((home / "made_for.json").read_text(encoding="utf-8"))
    return facts["model"], facts["dimensions"]


def _unfinished(home: Path) -> Path:
    return home.with_name(home.name + ".unfinished")


def _create_shard(path: Path, dimensions: int) -> None:
    path.mkdir(mode=0o700)
    words = edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)
    shard = edge.EdgeShard.create(
        str(path),
        edge.EdgeConfig(
            vectors={DENSE: edge.EdgeVectorParams(dimensions, edge.Distance.Cosine)},
            sparse_vectors=dict.fromkeys(SPARSE, words),
        ),
    )
    tenant = edge.KeywordIndexParams(is_tenant=True)
    shard.update(edge.UpdateOperation.create_field_index(TENANT_FIELD, tenant))
    for field in KEYWORD_FIELDS:
        keyword = edge.KeywordIndexParams()
        shard.update(edge.UpdateOperation.create_field_index(field, keyword))
    shard.flush()
    shard.close()


def _to_engine(point: Point) -> edge.Point:
    vectors: dict[str, edge.NamedVector] = {
        name: _sparse(vector) for name, vector in point.sparse.items() if vector.indices
    }
    if point.dense is not None:
        vectors[DENSE] = list(point.dense)
    return edge.Point(point.id, vectors, dict(point.payload))


def _request(query: VectorQuery, inside: edge.Filter) -> edge.QueryRequest:
    sparse = isinstance(query.vector, SparseVector)
    vector = _sparse(query.vector) if isinstance(query.vector, SparseVector) else query.vector
    nearest = vector if isinstance(vector, edge.SparseVector) else list(vector)
    return edge.QueryRequest(
        limit=query.limit,
        query=edge.Query.Nearest(nearest, using=query.using),
        filter=inside,
        params=edge.SearchParams(idf=edge.IdfParams(corpus=inside)) if sparse else None,
    )


def _dense(record: edge.Record) -> list[float] | None:
    vector = record.vector.get(DENSE) if isinstance(record.vector, dict) else None
    return cast("list[float] | None", vector)


def _sparse(vector: SparseVector) -> edge.SparseVector:
    return edge.SparseVector(list(vector.indices), list(vector.values))


def _equals(field: str, value: str) -> edge.FieldCondition:
    return edge.FieldCondition(field, match=edge.MatchValue(value))


def _inside(access: AccessFilter, *also: "edge.ConditionType") -> edge.Filter:
    projects = edge.MatchAny(sorted(access.project_ids))
    return edge.Filter(must=[edge.FieldCondition(TENANT_FIELD, match=projects), *also])
