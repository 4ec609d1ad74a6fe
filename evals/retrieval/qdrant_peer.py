"""Qdrant's own fusion, in its engine, of the vectors that we search with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, cast

import qdrant_edge as edge

from evals.retrieval.bench import DEPTH, Tick
from evals.retrieval.collection import Collection
from evals.retrieval.measures import Rankings
from evals.retrieval.source import as_file, parsed
from rag.ingest import Draft, draft_document, embed_texts
from rag.lexical import encode_query
from rag.ports import Embedder
from rag.store.port import SparseVector

# Its type stubs do not say that each is a `Fusion`.
FUSIONS: Final[Mapping[str, edge.Fusion]] = {
    "Qdrant RRF": cast("edge.Fusion", edge.Fusion.Rrf(k=2)),  # its default
    "Qdrant RRF 60": cast("edge.Fusion", edge.Fusion.Rrf(k=60)),  # Cormack et al. 2009
    "Qdrant DBSF": cast("edge.Fusion", edge.Fusion.Dbsf()),
}
_AT_ONCE: Final = 256
_DENSE: Final = "dense"
_WORDS: Final = "words"


async def rank_with_qdrant(
    collection: Collection, embedder: Embedder, folder: Path, tick: Tick
) -> dict[str, Rankings]:
    """Return what each fusion of embeddings and BM25 over words finds, with equal shares.

    The shard is made in `folder`, which must be empty; `tick` is told of documents and queries.
    """
    shard = _new_shard(folder, embedder.dimensions)
    files: dict[str, str] = {}
    for start in range(0, len(collection.documents), _AT_ONCE):
        drafts = [
            draft_document(
                each.project,
                as_file(collection.name, each),
                parsed(each.title, each.text),
                embedder,
            )
            for each in collection.documents[start : start + _AT_ONCE]
        ]
        files |= await _put(drafts, shard, embedder)
        tick(len(drafts))
    shard.optimize()
    rankings: dict[str, dict[str, Sequence[str]]] = {name: {} for name in FUSIONS}
    for query, text in collection.queries.items():
        prefetches = _prefetches(
            (await embedder.embed_query(text)).dense, encode_query(text)[_WORDS]
        )
        for name, fusion in FUSIONS.items():
            asked = edge.QueryRequest(limit=DEPTH, query=fusion, prefetches=prefetches)
            found = [files[str(point.id)] for point in shard.query(asked)]
            rankings[name][query] = list(dict.fromkeys(found))
        tick(1)
    shard.close()
    return dict(rankings)


def _new_shard(folder: Path, dimensions: int) -> edge.EdgeShard:
    config = edge.EdgeConfig(
        vectors={_DENSE: edge.EdgeVectorParams(dimensions, edge.Distance.Cosine)},
        sparse_vectors={_WORDS: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
    )
    return edge.EdgeShard.create(str(folder), config)


async def _put(
    drafts: Sequence[Draft], shard: edge.EdgeShard, embedder: Embedder
) -> dict[str, str]:
    """Write passages; return their files by point id."""
    passages = [passage for draft in drafts for passage in draft.passages]
    terms = [each for draft in drafts for each in draft.terms]
    embeddings = await embed_texts([each.embedded_text for each in passages], embedder)
    points = [
        edge.Point(
            passage.id,
            {_DENSE: list(embedding.dense), **_words(words[_WORDS])},
            {},
        )
        for passage, words, embedding in zip(passages, terms, embeddings, strict=True)
    ]
    if points:
        shard.update(edge.UpdateOperation.upsert_points(points))
    return {passage.id: passage.file_id for passage in passages}


def _prefetches(dense: Sequence[float], words: SparseVector) -> list[edge.Prefetch]:
    nearest: dict[str, edge.NamedVector] = {_DENSE: list(dense), **_words(words)}
    return [
        edge.Prefetch(limit=DEPTH, query=edge.Query.Nearest(vector, using=name))
        for name, vector in nearest.items()
    ]


def _words(vector: SparseVector) -> "dict[str, edge.NamedVector]":
    if not vector.indices:
        return {}
    return {_WORDS: edge.SparseVector(list(vector.indices), list(vector.values))}
