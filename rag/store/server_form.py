"""Our points, filters and queries as a Qdrant server takes them, and what it gives back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from qdrant_client import models

from rag.store.port import (
    AccessFilter,
    PassageFilter,
    Point,
    SparseVector,
    StoredVectors,
    VectorQuery,
)
from rag.store.schema import (
    COLBERT,
    DENSE,
    GRAPH_WIDTH,
    KEYWORD_FIELDS,
    LEARNED,
    PATH_FIELD,
    TENANT_FIELD,
    TERMS,
    TIME_FIELD,
    Extras,
    Quantisation,
    full_scan_kb,
    read_back,
)

_QUANTISED: Final[Mapping[Quantisation, models.QuantizationConfig | None]] = {
    "none": None,
    "int8": models.ScalarQuantization(
        scalar=models.ScalarQuantizationConfig(
            type=models.ScalarType.INT8, quantile=0.99, always_ram=True
        )
    ),
    "turbo4": models.TurboQuantization(
        turbo=models.TurboQuantQuantizationConfig(
            bits=models.TurboQuantBitSize.BITS4, always_ram=True
        )
    ),
}


def dense_params(dimensions: int, extras: Extras) -> dict[str, models.VectorParams]:
    """Return the parameters of the dense vectors, by name."""
    params = {
        DENSE: models.VectorParams(
            size=dimensions,
            distance=models.Distance.COSINE,
            hnsw_config=models.HnswConfigDiff(full_scan_threshold=full_scan_kb(dimensions)),
            quantization_config=_QUANTISED[extras.quantisation],
            on_disk=extras.quantisation != "none",
        )
    }
    if extras.colbert_dimensions is not None:
        params[COLBERT] = models.VectorParams(
            size=extras.colbert_dimensions,
            distance=models.Distance.COSINE,
            multivector_config=models.MultiVectorConfig(
                comparator=models.MultiVectorComparator.MAX_SIM
            ),
            datatype=models.Datatype.FLOAT16,
            hnsw_config=models.HnswConfigDiff(m=0),
            on_disk=True,
        )
    return params


def quantisation_change(
    held: models.VectorParams, extras: Extras
) -> models.VectorParamsDiff | None:
    """Return what to change of a collection whose dense vectors are not quantised as asked."""
    asked = _QUANTISED[extras.quantisation]
    if type(held.quantization_config) is type(asked):
        return None
    return models.VectorParamsDiff(
        on_disk=asked is not None, quantization_config=asked or models.Disabled.DISABLED
    )


def sparse_params(extras: Extras) -> dict[str, models.SparseVectorParams]:
    """Return the parameters of the sparse vectors, by name."""
    own = models.SparseVectorParams(modifier=models.Modifier.IDF)
    learned = {LEARNED: models.SparseVectorParams()} if extras.sparse else {}
    return dict.fromkeys(TERMS, own) | learned


def field_indexes() -> dict[str, models.PayloadSchemaParams]:
    """Return the indexes of the payload, by field: made before any point is written."""
    keyword = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD)
    return {
        TENANT_FIELD: keyword.model_copy(update={"is_tenant": True}),
        PATH_FIELD: keyword.model_copy(update={"prefix": True}),
        TIME_FIELD: models.DatetimeIndexParams(type=models.DatetimeIndexType.DATETIME),
        **dict.fromkeys(KEYWORD_FIELDS, keyword),
    }


def server_point(point: Point) -> models.PointStruct:
    """Return a point with the vectors that it has."""
    vectors: dict[str, models.Vector] = {
        name: _sparse(vector) for name, vector in point.sparse.items() if vector.indices
    }
    if point.dense is not None:
        vectors[DENSE] = list(point.dense)
    if point.colbert is not None:
        vectors[COLBERT] = [list(token) for token in point.colbert]
    return models.PointStruct(id=point.id, vector=vectors, payload=dict(point.payload))


def request(
    query: VectorQuery, access: AccessFilter, only: PassageFilter, extras: Extras
) -> models.QueryRequest:
    """Return a query inside `access` and `only`; terms are as rare as they are in `access`."""
    return models.QueryRequest(
        query=_nearest(query.vector),
        using=query.using,
        filter=inside(access, *conditions(only)),
        limit=query.limit,
        params=_params(query, access, extras),
    )


def _nearest(
    vector: Sequence[float] | SparseVector | Sequence[Sequence[float]],
) -> models.VectorInput:
    if isinstance(vector, SparseVector):
        return _sparse(vector)
    return cast("list[float] | list[list[float]]", list(vector))


def _params(query: VectorQuery, access: AccessFilter, extras: Extras) -> models.SearchParams | None:
    if query.using in TERMS:
        return models.SearchParams(idf=models.IdfCorpusParams(corpus=inside(access)))
    if query.using != DENSE:
        return None
    if extras.quantisation == "none":
        return models.SearchParams(hnsw_ef=GRAPH_WIDTH)
    rescored = models.QuantizationSearchParams(rescore=True, oversampling=extras.oversampling)
    return models.SearchParams(hnsw_ef=GRAPH_WIDTH, quantization=rescored)


def inside(access: AccessFilter, *also: models.Condition) -> models.Filter:
    """Return the filter of what may be seen and fits `also`."""
    return models.Filter(must=[_any_of(TENANT_FIELD, access.project_ids), *also])


def conditions(only: PassageFilter) -> list[models.Condition]:
    """Return what a passage must have, each condition that is not empty."""
    asked: list[models.Condition] = [
        _any_of(field, values) for field, values in only.labels.items()
    ]
    if only.path_prefixes:
        begins: list[models.Condition] = [_begins(each) for each in sorted(only.path_prefixes)]
        asked.append(models.Filter(should=begins))
    if only.passage_ids:
        asked.append(models.HasIdCondition(has_id=sorted(only.passage_ids)))
    if only.modified_from is not None or only.modified_before is not None:
        span = models.DatetimeRange(gte=_utc(only.modified_from), lt=_utc(only.modified_before))
        asked.append(models.FieldCondition(key=TIME_FIELD, range=span))
    return asked


def equals(field: str, value: str) -> models.FieldCondition:
    """Return the condition that a field has this value."""
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def stored_vectors(record: models.Record) -> StoredVectors:
    """Return the vectors of a record."""
    vectors = record.vector if isinstance(record.vector, dict) else {}
    return read_back(
        {
            name: SparseVector(vector.indices, vector.values)
            if isinstance(vector, models.SparseVector)
            else vector
            for name, vector in vectors.items()
        }
    )


def _any_of(field: str, values: frozenset[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=sorted(values)))


def _begins(prefix: str) -> models.FieldCondition:
    return models.FieldCondition(key=PATH_FIELD, match=models.MatchPrefix(prefix=prefix))


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _sparse(vector: SparseVector) -> models.SparseVector:
    return models.SparseVector(indices=list(vector.indices), values=list(vector.values))


def held_vectors(params: models.CollectionParams) -> str:
    """Name the vectors of a collection."""
    dense = params.vectors if isinstance(params.vectors, dict) else {}
    colbert = dense[COLBERT].size if COLBERT in dense else None
    sparse = LEARNED in (params.sparse_vectors or {})
    return named_vectors(dense[DENSE].size if DENSE in dense else 0, colbert, sparse=sparse)


def named_vectors(dimensions: int, colbert: int | None, *, sparse: bool) -> str:
    """Name vectors as a message does."""
    return (
        f"{dimensions} numbers"
        f"{', sparse' if sparse else ''}{f', colbert of {colbert}' if colbert else ''}"
    )
