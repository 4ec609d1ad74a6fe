"""The engine of the embedded store, where it is called: Qdrant's own segment engine on a folder."""

import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Self, cast
from uuid import UUID

import qdrant_edge as edge

from rag.hybrid import Find, Hear, Read, Step, ranked, taken
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
from rag.store.edge_shard import OpenShard, drop_earlier, open_shard, optimised
from rag.store.port import (
    AccessFilter,
    HybridQuery,
    PassageFilter,
    Point,
    Ranked,
    StoredPoint,
    StoredVectors,
    VectorQuery,
)
from rag.store.schema import TENANT_FIELD, Made, vector_names

_PAGE: Final = 512
_OPTIMIZE_EVERY: Final = 10_000  # points written: below it a full scan takes a few milliseconds
_OPTIMIZED_SHARE: Final = 10  # and a tenth of all: a copy is made of all, so not too often


class EdgeEngine:
    """An open shard. One thread may write while another reads; see `rag.store.port` for what.

    What these return goes to another process: as little as is asked for.
    """

    def __init__(self, opened: OpenShard, made: Made) -> None:
        """Take over an open shard; use `open`."""
        self._opened = opened
        self._answering = Answering(opened.shard)
        self._made = made
        self._extras = made.extras
        self._names = vector_names(made.extras)
        self._written = 0
        self._projects = projects_in(opened.shard)

    @classmethod
    def open(cls, folder: Path, made: Made) -> Self:
        """Open the shard inside `folder`; what is not there is made.

        Raises:
            EmbeddingModelChanged: the shard holds vectors of another model, kind or length.
        """
        return cls(open_shard(folder, made), made)

    def upsert(self, points: Sequence[Point]) -> None:
        # Before they are there; and none is taken out but by the next start: one too many is safe.
        self._projects |= {str(point.payload[TENANT_FIELD]) for point in points}
        self._update(edge.UpdateOperation.upsert_points([engine_point(point) for point in points]))
        self._written += len(points)

    def delete_file(self, project_id: str, file_id: str, except_version: str | None) -> None:
        kept: list[edge.ConditionType] = []
        if except_version is not None:
            kept.append(equals("version", except_version))
        doomed = edge.Filter(must=_of_file(project_id, file_id), must_not=kept)
        self._update(edge.UpdateOperation.delete_points_by_filter(doomed))

    def delete_project(self, project_id: str) -> None:
        doomed = edge.Filter(must=[equals(TENANT_FIELD, project_id)])
        self._update(edge.UpdateOperation.delete_points_by_filter(doomed))

    def search(
        self, queries: Sequence[VectorQuery], access: AccessFilter, only: PassageFilter
    ) -> list[dict[str, float]]:
        filters = inside(access, *conditions(only)), self._corpus(access)
        requests = [request(query, *filters, self._extras) for query in queries]
        with self._answering.reading() as shard:
            found = shard.query_batch(edge.QueryBatchRequest(requests))
        if filters[1] is None and self._corpus(access) is not None:
            return self.search(queries, access, only)  # a project came meanwhile
        return [{_name(cast("UUID", hit.id).int): hit.score for hit in hits} for hits in found]

    def _corpus(self, access: AccessFilter) -> edge.Filter | None:
        """Return where to count how rare terms are; None, which is faster, if `access` is all."""
        return None if self._projects <= access.project_ids else inside(access)

    def rank(self, query: HybridQuery, access: AccessFilter, only: PassageFilter) -> Ranked:
        def take(step: Step) -> object:
            match step:
                case Find():
                    return self.search(step.queries, access, only)
                case Hear():
                    return self.vectors(step.ids, access)
                case Read():
                    return self.fetch(step.ids, access)

        return taken(ranked(query), take)

    def fetch(self, ids: Sequence[str], access: AccessFilter) -> list[StoredPoint]:
        return _points(self._retrieve(ids, access))

    def file_points(self, project_id: str, file_id: str, access: AccessFilter) -> list[StoredPoint]:
        points = _points(self._scroll(inside(access, *_of_file(project_id, file_id))))
        return sorted(points, key=lambda point: int(point.payload["ordinal"]))

    def file_vectors(
        self, project_id: str, file_id: str, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        records = self._scroll(inside(access, *_of_file(project_id, file_id)), self._names)
        held = {str(record.id): stored_vectors(record) for record in records}
        return {point: vectors for point, vectors in held.items() if vectors.dense}

    def vectors(self, ids: Sequence[str], access: AccessFilter) -> dict[str, StoredVectors]:
        records = self._retrieve(ids, access, self._names)
        return {str(record.id): stored_vectors(record) for record in records}

    def count(self, access: AccessFilter) -> int:
        with self._answering.reading() as shard:
            return shard.count(edge.CountRequest(filter=inside(access)))

    def flush(self) -> str | None:
        """Write through to disk, and optimise a large shard; return why that was not possible."""
        self._opened.shard.flush()
        if self._written < _OPTIMIZE_EVERY:
            return None
        held = self._opened.shard.count(edge.CountRequest(exact=False))
        if self._written < held // _OPTIMIZED_SHARE:
            return None
        self._written = 0
        return self._optimise()

    def close(self) -> None:
        self._opened.shard.flush()
        self._opened.shard.close()

    def _update(self, operation: edge.UpdateOperation) -> None:
        self._opened.shard.update(operation)

    def _optimise(self) -> str | None:
        """Let an optimised copy take over; searches go on in the shard as it is until then.

        Without room for a copy the shard stays as it is, whole but slower.
        """
        try:
            opened = optimised(self._opened, self._made)
        except (subprocess.CalledProcessError, OSError) as error:
            return f"The store in {self._opened.path.parent} is not optimised: {error}"
        earlier, self._opened = self._opened, opened
        self._answering.replace(self._opened.shard)
        drop_earlier(earlier)
        return None

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


@lru_cache(maxsize=2**17)
def _name(number: int) -> str:
    """Return the id of a point: to write a UUID takes longer than to find it."""
    return str(UUID(int=number))


def _of_file(project_id: str, file_id: str) -> "list[edge.ConditionType]":
    return [equals(TENANT_FIELD, project_id), equals("file_id", file_id)]


def _points(records: Sequence[edge.Record]) -> list[StoredPoint]:
    return [StoredPoint(str(record.id), record.payload or {}) for record in records]
