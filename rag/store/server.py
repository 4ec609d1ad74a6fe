"""The store on a Qdrant server or cluster."""

import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import cast

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from contracts.problems import ServiceUnreachable
from rag.problems import EmbeddingModelChanged
from rag.store.port import (
    AccessFilter,
    Point,
    ScoredPoint,
    SparseVector,
    StoredPoint,
    VectorQuery,
)
from rag.store.schema import DENSE, KEYWORD_FIELDS, SPARSE, TENANT_FIELD, collection_name

_PAGE = 512
_TIMEOUT_S = 30
_IN_PROCESS = ":memory:"


class ServerStore:
    """Implements `VectorStore`. Writes return when the server has applied them."""

    def __init__(self, client: AsyncQdrantClient, collection: str) -> None:
        """Use an existing collection through `client`; see `open`."""
        self._client = client
        self._collection = collection

    @classmethod
    async def open(
        cls, url: str, api_key: str | None, *, model: str, dimensions: int
    ) -> "ServerStore":
        """Connect, and make the collection for `model` if it is not there.

        `:memory:` as `url` is qdrant-client's imitation of a server, for tests only.

        Raises:
            ServiceUnreachable: the server does not answer or refuses the key.
            EmbeddingModelChanged: the collection's vectors have another length.
        """
        client = _connect(url, api_key)
        store = cls(client, collection_name(model))
        try:
            with _told_as_problem():
                if not await client.collection_exists(store._collection):
                    await store._create(dimensions)
                await store._replace_if_empty(model, dimensions)
                if url != _IN_PROCESS:
                    await store._index_payload()
        except BaseException:
            await client.close()
            raise
        return store

    async def upsert(self, points: Sequence[Point]) -> None:
        if points:
            structs = [_to_struct(point) for point in points]
            with _told_as_problem():
                await self._client.upsert(self._collection, structs, wait=True)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        kept = [] if except_version is None else [_equals("version", except_version)]
        await self._delete(
            models.Filter(
                must=[_equals(TENANT_FIELD, project_id), _equals("file_id", file_id)],
                must_not=[*kept],
            )
        )

    async def delete_project(self, project_id: str) -> None:
        await self._delete(models.Filter(must=[_equals(TENANT_FIELD, project_id)]))

    async def search(
        self, queries: Sequence[VectorQuery], *, access: AccessFilter
    ) -> list[list[ScoredPoint]]:
        if not access.project_ids or not queries:
            return [[] for _ in queries]
        requests = [_request(query, _inside(access)) for query in queries]
        with _told_as_problem():
            found = await self._client.query_batch_points(self._collection, requests)
        return [[ScoredPoint(str(hit.id), hit.score) for hit in each.points] for each in found]

    async def fetch(self, ids: Sequence[str], *, access: AccessFilter) -> list[StoredPoint]:
        if not access.project_ids or not ids:
            return []
        return await self._scroll(_inside(access, models.HasIdCondition(has_id=list(ids))))

    async def file_points(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> list[StoredPoint]:
        if project_id not in access.project_ids:
            return []
        file = (_equals(TENANT_FIELD, project_id), _equals("file_id", file_id))
        points = await self._scroll(_inside(access, *file))
        return sorted(points, key=lambda point: int(point.payload["ordinal"]))

    async def file_vectors(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> dict[str, Sequence[float]]:
        if project_id not in access.project_ids:
            return {}
        file = (_equals(TENANT_FIELD, project_id), _equals("file_id", file_id))
        records = await self._records(_inside(access, *file), [DENSE])
        dense = {str(record.id): _dense(record) for record in records}
        return {point: vector for point, vector in dense.items() if vector is not None}

    async def count(self, *, access: AccessFilter) -> int:
        if not access.project_ids:
            return 0
        with _told_as_problem():
            found = await self._client.count(self._collection, _inside(access), exact=True)
        return found.count

    async def flush(self) -> None:
        """Return at once: each write was acknowledged after the server's write-ahead log."""

    async def close(self) -> None:
        await self._client.close()

    async def _create(self, dimensions: int) -> None:
        words = models.SparseVectorParams(modifier=models.Modifier.IDF)
        try:
            await self._client.create_collection(
                self._collection,
                vectors_config={
                    DENSE: models.VectorParams(size=dimensions, distance=models.Distance.COSINE)
                },
                sparse_vectors_config=dict.fromkeys(SPARSE, words),
            )
        except UnexpectedResponse as error:
            if error.status_code != HTTPStatus.CONFLICT:  # another process was faster
                raise

    async def _index_payload(self) -> None:
        """Index the filtered fields, before any point is written; again does no harm."""
        keyword = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
        tenant = keyword.model_copy(update={"is_tenant": True})
        await self._client.create_payload_index(self._collection, TENANT_FIELD, tenant)
        for field in KEYWORD_FIELDS:
            await self._client.create_payload_index(self._collection, field, keyword)

    async def _replace_if_empty(self, model: str, dimensions: int) -> None:
        """Let only vectors of this length pass; an empty collection of another is made anew.

        Such a one was made under a wrong setting, before the model was first asked.
        """
        info = await self._client.get_collection(self._collection)
        vectors = info.config.params.vectors
        size = vectors[DENSE].size if isinstance(vectors, dict) else None
        if size == dimensions:
            return
        if (await self._client.count(self._collection, exact=True)).count:
            raise EmbeddingModelChanged(
                f"The collection {self._collection!r}",
                holds=f"{size} numbers",
                asked=f"{model} ({dimensions} numbers)",
            )
        await self._client.delete_collection(self._collection)
        await self._create(dimensions)

    async def _delete(self, doomed: models.Filter) -> None:
        with _told_as_problem():
            await self._client.delete(
                self._collection, models.FilterSelector(filter=doomed), wait=True
            )

    async def _scroll(self, inside: models.Filter) -> list[StoredPoint]:
        records = await self._records(inside)
        return [StoredPoint(str(record.id), record.payload or {}) for record in records]

    async def _records(
        self, inside: models.Filter, vectors: Sequence[str] = ()
    ) -> list[models.Record]:
        """Return the points inside a filter: their payload, or these vectors instead."""
        found: list[models.Record] = []
        offset = None
        while True:
            with _told_as_problem():
                records, offset = await self._client.scroll(
                    self._collection,
                    inside,
                    limit=_PAGE,
                    offset=offset,
                    with_payload=not vectors,
                    with_vectors=list(vectors),
                )
            found += records
            if offset is None:
                return found


async def check_server(url: str, api_key: str | None) -> None:
    """Return if a Qdrant server answers at `url` and takes the key.

    Raises:
        ServiceUnreachable: it does not.
    """
    client = _connect(url, api_key)
    try:
        with _told_as_problem():
            await client.get_collections()
    finally:
        await client.close()


def _connect(url: str, api_key: str | None) -> AsyncQdrantClient:
    if url == _IN_PROCESS:
        return AsyncQdrantClient(location=url)
    with warnings.catch_warnings():
        # On premises the key may well travel over a private plain-HTTP network.
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return AsyncQdrantClient(
            url=url, api_key=api_key, timeout=_TIMEOUT_S, check_compatibility=False
        )


@contextmanager
def _told_as_problem() -> Generator[None]:
    """Say that the server cannot serve; what it answered may hold content and stays out of it."""
    try:
        yield
    except ResponseHandlingException as error:
        raise _away("no connection") from error
    except ResourceExhaustedResponse as error:
        raise _away("it is overloaded", retry_after_s=error.retry_after_s) from error
    except UnexpectedResponse as error:
        raise _away(f"HTTP {error.status_code}") from error


def _away(reason: str, *, retry_after_s: float | None = None) -> ServiceUnreachable:
    return ServiceUnreachable(
        "The Qdrant server",
        reason=reason,
        service_ja="検索用データベース（Qdrant）",
        retry_after_s=retry_after_s,
    )


def _to_struct(point: Point) -> models.PointStruct:
    vectors: dict[str, models.Vector] = {
        name: _sparse(vector) for name, vector in point.sparse.items() if vector.indices
    }
    if point.dense is not None:
        vectors[DENSE] = list(point.dense)
    return models.PointStruct(id=point.id, vector=vectors, payload=dict(point.payload))


def _request(query: VectorQuery, inside: models.Filter) -> models.QueryRequest:
    vector = query.vector
    if not isinstance(vector, SparseVector):
        return models.QueryRequest(
            query=list(vector), using=query.using, filter=inside, limit=query.limit
        )
    return models.QueryRequest(
        query=_sparse(vector),
        using=query.using,
        filter=inside,
        limit=query.limit,
        params=models.SearchParams(idf=models.IdfCorpusParams(corpus=inside)),
    )


def _dense(record: models.Record) -> Sequence[float] | None:
    vector = record.vector.get(DENSE) if isinstance(record.vector, dict) else None
    return cast("list[float] | None", vector)


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def _equals(field: str, value: str) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def _inside(access: AccessFilter, *also: models.Condition) -> models.Filter:
    projects = models.MatchAny(any=sorted(access.project_ids))
    return models.Filter(must=[models.FieldCondition(key=TENANT_FIELD, match=projects), *also])
