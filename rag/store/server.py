"""The store on a Qdrant server or cluster."""

import ssl
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from contracts.problems import ServiceUnreachable
from rag.fusion import NOTHING
from rag.hybrid import Find, Hear, Read, Step, ranked, taken_in_turn
from rag.problems import EmbeddingModelChanged
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
from rag.store.schema import (
    DENSE,
    TENANT_FIELD,
    Extras,
    collection_name,
    vector_names,
)
from rag.store.server_form import (
    dense_params,
    equals,
    field_indexes,
    held_vectors,
    inside,
    named_vectors,
    quantisation_change,
    request,
    server_point,
    sparse_params,
    stored_vectors,
)

_PAGE = 512
_IN_PROCESS = ":memory:"
_DENSE_ALONE: Final = Extras()
_STRICT: Final = models.StrictModeConfig(
    enabled=True,
    unindexed_filtering_retrieve=False,
    unindexed_filtering_update=False,
    search_allow_exact=False,
    max_query_limit=1_000,
    search_max_batchsize=16,
    upsert_max_batchsize=1_024,
    search_max_oversampling=8,
    filter_max_conditions=64,
    condition_max_size=20_000,
)
"""What our own requests keep within: a mistake in one is refused, not served by a full scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a server is reached, and how a collection that is made there is spread over its nodes."""

    timeout_s: int = 30
    ca_file: Path | None = None
    """Certificates of those who may vouch for the server; the system's own when absent."""
    shards: int | None = None
    """One for each node when absent."""
    replicas: int = 1
    write_consistency: int = 1
    """Replicas that have applied a write before it is acknowledged."""


_USUAL: Final = ServerOptions()


class ServerStore:
    """Implements `VectorStore`. Writes return when the server has applied them."""

    def __init__(self, client: AsyncQdrantClient, collection: str, extras: Extras) -> None:
        """Use an existing collection through `client`; see `open`."""
        self._client = client
        self._collection = collection
        self._extras = extras

    @classmethod
    async def open(
        cls,
        url: str,
        api_key: str | None,
        *,
        model: str,
        dimensions: int,
        extras: Extras = _DENSE_ALONE,
        options: ServerOptions = _USUAL,
    ) -> Self:
        """Connect, and make the collection for `model` if it is not there.

        `:memory:` as `url` is qdrant-client's imitation of a server, for tests only.

        Raises:
            ServiceUnreachable: the server does not answer or refuses the key.
            EmbeddingModelChanged: the collection's vectors have another length.
        """
        client = _connect(url, api_key, options)
        store = cls(client, collection_name(model), extras)
        try:
            with _told_as_problem():
                if not await client.collection_exists(store._collection):
                    await store._create(dimensions, options)
                await store._replace_if_empty(model, dimensions, options)
                if url != _IN_PROCESS:
                    await store._index_payload()
                    await store._quantise()
        except BaseException:
            await client.close()
            raise
        return store

    async def upsert(self, points: Sequence[Point]) -> None:
        if points:
            structs = [server_point(point) for point in points]
            with _told_as_problem():
                await self._client.upsert(self._collection, structs, wait=True)

    async def delete_file(
        self, project_id: str, file_id: str, *, except_version: str | None = None
    ) -> None:
        kept = [] if except_version is None else [equals("version", except_version)]
        await self._delete(
            models.Filter(
                must=[equals(TENANT_FIELD, project_id), equals("file_id", file_id)],
                must_not=[*kept],
            )
        )

    async def delete_project(self, project_id: str) -> None:
        await self._delete(models.Filter(must=[equals(TENANT_FIELD, project_id)]))

    async def search(
        self, queries: Sequence[VectorQuery], *, access: AccessFilter, only: PassageFilter = ANY
    ) -> list[dict[str, float]]:
        if not access.project_ids or not queries:
            return [{} for _ in queries]
        requests = [request(query, access, only, self._extras) for query in queries]
        with _told_as_problem():
            found = await self._client.query_batch_points(self._collection, requests)
        return [{str(hit.id): hit.score for hit in each.points} for each in found]

    async def rank(
        self, query: HybridQuery, *, access: AccessFilter, only: PassageFilter = ANY
    ) -> Ranked:
        async def take(step: Step) -> object:
            match step:
                case Find():
                    return await self.search(step.queries, access=access, only=only)
                case Hear():
                    return await self.vectors(step.ids, access=access)
                case Read():
                    return await self.fetch(step.ids, access=access)

        if not access.project_ids or not query.vectors:
            return Ranked(NOTHING)
        return await taken_in_turn(ranked(query), take)

    async def fetch(self, ids: Sequence[str], *, access: AccessFilter) -> list[StoredPoint]:
        if not access.project_ids or not ids:
            return []
        records = await self._retrieve(ids, access)
        return [StoredPoint(str(record.id), record.payload or {}) for record in records]

    async def file_points(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> list[StoredPoint]:
        if project_id not in access.project_ids:
            return []
        file = (equals(TENANT_FIELD, project_id), equals("file_id", file_id))
        records = await self._scroll(inside(access, *file))
        points = [StoredPoint(str(record.id), record.payload or {}) for record in records]
        return sorted(points, key=lambda point: int(point.payload["ordinal"]))

    async def file_vectors(
        self, project_id: str, file_id: str, *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        if project_id not in access.project_ids:
            return {}
        file = (equals(TENANT_FIELD, project_id), equals("file_id", file_id))
        records = await self._scroll(inside(access, *file), vector_names(self._extras))
        held = {str(record.id): stored_vectors(record) for record in records}
        return {point: vectors for point, vectors in held.items() if vectors.dense}

    async def vectors(
        self, ids: Sequence[str], *, access: AccessFilter
    ) -> dict[str, StoredVectors]:
        if not access.project_ids or not ids:
            return {}
        records = await self._retrieve(ids, access, vector_names(self._extras))
        return {str(record.id): stored_vectors(record) for record in records}

    async def count(self, *, access: AccessFilter) -> int:
        if not access.project_ids:
            return 0
        with _told_as_problem():
            found = await self._client.count(self._collection, inside(access), exact=True)
        return found.count

    async def flush(self) -> None:
        """Return at once: each write was acknowledged after the server's write-ahead log."""

    async def close(self) -> None:
        await self._client.close()

    async def _create(self, dimensions: int, options: ServerOptions) -> None:
        try:
            await self._client.create_collection(
                self._collection,
                vectors_config=dense_params(dimensions, self._extras),
                sparse_vectors_config=sparse_params(self._extras),
                shard_number=options.shards,
                replication_factor=options.replicas,
                write_consistency_factor=options.write_consistency,
                on_disk_payload=True,
                strict_mode_config=_STRICT,
            )
        except UnexpectedResponse as error:
            if error.status_code != HTTPStatus.CONFLICT:  # another process was faster
                raise

    async def _index_payload(self) -> None:
        """Index the filtered fields, before any point is written; again does no harm."""
        for field, index in field_indexes().items():
            await self._client.create_payload_index(self._collection, field, index)

    async def _quantise(self) -> None:
        """Let the vectors be quantised as asked; the server does it while it goes on answering."""
        info = await self._client.get_collection(self._collection)
        dense = info.config.params.vectors
        change = (
            quantisation_change(dense[DENSE], self._extras) if isinstance(dense, dict) else None
        )
        if change is not None:
            await self._client.update_collection(self._collection, vectors_config={DENSE: change})

    async def _replace_if_empty(self, model: str, dimensions: int, options: ServerOptions) -> None:
        """Let only vectors of this length pass; an empty collection of another is made anew.

        Such a one was made under a wrong setting, before the model was first asked.
        """
        info = await self._client.get_collection(self._collection)
        held = held_vectors(info.config.params)
        asked = named_vectors(
            dimensions, self._extras.colbert_dimensions, sparse=self._extras.sparse
        )
        if held == asked:
            return
        if (await self._client.count(self._collection, exact=True)).count:
            raise EmbeddingModelChanged(
                f"The collection {self._collection!r}", holds=held, asked=f"{model} ({asked})"
            )
        await self._client.delete_collection(self._collection)
        await self._create(dimensions, options)

    async def _delete(self, doomed: models.Filter) -> None:
        with _told_as_problem():
            await self._client.delete(
                self._collection, models.FilterSelector(filter=doomed), wait=True
            )

    async def _retrieve(
        self, ids: Sequence[str], access: AccessFilter, vectors: Sequence[str] = ()
    ) -> list[models.Record]:
        """Return the points with these ids whose project may be seen.

        With `vectors`, of the payload the project alone.
        """
        with _told_as_problem():
            records = await self._client.retrieve(
                self._collection,
                list(ids),
                with_payload=[TENANT_FIELD] if vectors else True,
                with_vectors=list(vectors),
            )
        return [
            record
            for record in records
            if (record.payload or {}).get(TENANT_FIELD) in access.project_ids
        ]

    async def _scroll(
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


async def check_server(url: str, api_key: str | None, options: ServerOptions = _USUAL) -> None:
    """Return if a Qdrant server answers at `url` and takes the key.

    Raises:
        ServiceUnreachable: it does not.
    """
    client = _connect(url, api_key, options)
    try:
        with _told_as_problem():
            await client.get_collections()
    finally:
        await client.close()


async def remove_collection(
    url: str, api_key: str | None, collection: str, options: ServerOptions = _USUAL
) -> None:
    """Remove a collection that nobody uses any more; one that is not there is fine.

    Raises:
        ServiceUnreachable: the server does not answer.
    """
    client = _connect(url, api_key, options)
    try:
        with _told_as_problem():
            await client.delete_collection(collection)
    finally:
        await client.close()


def _connect(url: str, api_key: str | None, options: ServerOptions) -> AsyncQdrantClient:
    if url == _IN_PROCESS:
        return AsyncQdrantClient(location=url)
    trusted = True if options.ca_file is None else _vouching(options.ca_file)
    with warnings.catch_warnings():
        # `QdrantSettings` has decided whether it may.
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return AsyncQdrantClient(
            url=url,
            api_key=api_key,
            timeout=options.timeout_s,
            check_compatibility=False,
            trust_env=False,
            verify=trusted,
        )


def _vouching(certificates: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=certificates)
    except (OSError, ssl.SSLError) as error:
        raise _away(f"no certificates can be read from {certificates}") from error


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
