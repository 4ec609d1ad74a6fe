"""Our points, filters and queries as the embedded engine takes them, and what it gives back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, cast

import qdrant_edge as edge

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

if TYPE_CHECKING:
    Condition = edge.ConditionType

_FEW_PROJECTS: Final = 4
_MOST_PROJECTS: Final = 10_000_000
_NO_GRAPH: Final = edge.HnswIndexConfig(m=0, ef_construct=100, full_scan_threshold=10_000)
_QUANTISED: Final[Mapping[Quantisation, "edge.QuantizationConfigType | None"]] = {
    "none": None,
    "int8": edge.ScalarQuantizationConfig(
        edge.ScalarType.Int8, quantile=0.99, memory=edge.Memory.Pinned
    ),
    "turbo4": edge.TurboQuantQuantizationConfig(
        bits=edge.TurboQuantBitSize.Bits4, memory=edge.Memory.Pinned
    ),
}


def config(dimensions: int, extras: Extras) -> edge.EdgeConfig:
    """Return what a shard is made with."""
    own = edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)
    learned = {LEARNED: edge.EdgeSparseVectorParams()} if extras.sparse else {}
    return edge.EdgeConfig(
        vectors=_dense_params(dimensions, extras),
        sparse_vectors=dict.fromkeys(TERMS, own) | learned,
    )


def _dense_params(dimensions: int, extras: Extras) -> dict[str, edge.EdgeVectorParams]:
    params = {
        DENSE: edge.EdgeVectorParams(
            dimensions,
            edge.Distance.Cosine,
            hnsw_config=edge.HnswIndexConfig(
                m=16, ef_construct=100, full_scan_threshold=full_scan_kb(dimensions)
            ),
            quantization_config=_QUANTISED[extras.quantisation],
            memory=edge.Memory.Cached if extras.quantisation == "none" else edge.Memory.Cold,
        )
    }
    if extras.colbert_dimensions is not None:
        params[COLBERT] = edge.EdgeVectorParams(
            extras.colbert_dimensions,
            edge.Distance.Cosine,
            multivector_config=edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim),
            datatype=edge.VectorStorageDatatype.Float16,
            hnsw_config=_NO_GRAPH,
            memory=edge.Memory.Cold,
        )
    return params


def field_indexes() -> "dict[str, edge.PayloadSchemaParams]":
    """Return the indexes of the payload, by field: made before any point is written."""
    return {
        TENANT_FIELD: edge.KeywordIndexParams(is_tenant=True),
        PATH_FIELD: edge.KeywordIndexParams(prefix=True),
        TIME_FIELD: edge.DatetimeIndexParams(),
        **{field: edge.KeywordIndexParams() for field in KEYWORD_FIELDS},
    }


def engine_point(point: Point) -> edge.Point:
    """Return a point with the vectors that it has."""
    vectors: dict[str, edge.NamedVector] = {
        name: _sparse(vector) for name, vector in point.sparse.items() if vector.indices
    }
    if point.dense is not None:
        vectors[DENSE] = list(point.dense)
    if point.colbert is not None:
        vectors[COLBERT] = [list(token) for token in point.colbert]
    return edge.Point(point.id, vectors, dict(point.payload))


def request(
    query: VectorQuery, inside_both: edge.Filter, corpus: edge.Filter | None, extras: Extras
) -> edge.QueryRequest:
    """Return a query inside a filter; terms are as rare as they are in `corpus`, or in all."""
    return edge.QueryRequest(
        limit=query.limit,
        query=edge.Query.Nearest(_nearest(query.vector), using=query.using),
        filter=inside_both,
        params=_params(query, corpus, extras),
    )


def _nearest(
    vector: Sequence[float] | SparseVector | Sequence[Sequence[float]],
) -> "edge.NamedVector":
    if isinstance(vector, SparseVector):
        return _sparse(vector)
    return cast("list[float] | list[list[float]]", list(vector))


def _params(
    query: VectorQuery, corpus: edge.Filter | None, extras: Extras
) -> edge.SearchParams | None:
    if query.using in TERMS:
        return edge.SearchParams(idf=edge.IdfParams(corpus=corpus))
    if query.using != DENSE:
        return None
    if extras.quantisation == "none":
        return edge.SearchParams(hnsw_ef=GRAPH_WIDTH)
    rescored = edge.QuantizationSearchParams(rescore=True, oversampling=extras.oversampling)
    return edge.SearchParams(hnsw_ef=GRAPH_WIDTH, quantization=rescored)


def projects_in(shard: edge.EdgeShard) -> frozenset[str]:
    """Return the projects of all points."""
    every = edge.FacetRequest(TENANT_FIELD, limit=_MOST_PROJECTS)
    return frozenset(str(hit.value) for hit in shard.facet(every).hits)


def inside(access: AccessFilter, *also: "Condition") -> edge.Filter:
    """Return the filter of what may be seen and fits `also`."""
    return edge.Filter(must=[_in_projects(access.project_ids), *also])


def conditions(only: PassageFilter) -> "list[Condition]":
    """Return what a passage must have, each condition that is not empty."""
    asked: list[Condition] = [_any_of(field, values) for field, values in only.labels.items()]
    if only.path_prefixes:
        asked.append(edge.Filter(should=[_begins(prefix) for prefix in sorted(only.path_prefixes)]))
    if only.passage_ids:
        asked.append(edge.HasIdCondition(set(only.passage_ids)))
    if only.modified_from is not None or only.modified_before is not None:
        span = edge.RangeDateTime(gte=_utc(only.modified_from), lt=_utc(only.modified_before))
        asked.append(edge.FieldCondition(TIME_FIELD, range=span))
    return asked


def equals(field: str, value: str) -> edge.FieldCondition:
    """Return the condition that a field has this value."""
    return edge.FieldCondition(field, match=edge.MatchValue(value))


def stored_vectors(record: edge.Record) -> StoredVectors:
    """Return the vectors of a record."""
    vectors = record.vector if isinstance(record.vector, dict) else {}
    return read_back(
        {
            name: SparseVector(vector.indices, vector.values)
            if isinstance(vector, edge.SparseVector)
            else vector
            for name, vector in vectors.items()
        }
    )


def _in_projects(project_ids: frozenset[str]) -> "edge.ConditionType":
    """Return the condition in the form that the engine is faster with.

    To count how rare terms are it walks all that passes: four times as fast over a few values one
    by one than over any of them, and several times slower over many.
    """
    if len(project_ids) > _FEW_PROJECTS:
        return _any_of(TENANT_FIELD, project_ids)
    return edge.Filter(should=[equals(TENANT_FIELD, each) for each in sorted(project_ids)])


def _any_of(field: str, values: frozenset[str]) -> edge.FieldCondition:
    return edge.FieldCondition(field, match=edge.MatchAny(sorted(values)))


def _begins(prefix: str) -> edge.FieldCondition:
    return edge.FieldCondition(PATH_FIELD, match=edge.MatchPrefix(prefix))


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _sparse(vector: SparseVector) -> edge.SparseVector:
    if len(vector.indices) != len(vector.values):
        # The engine would panic at it, and again at each start: it notes a write before it does it.
        raise ValueError(f"{len(vector.indices)} tokens, {len(vector.values)} weights")
    return edge.SparseVector(list(vector.indices), list(vector.values))
