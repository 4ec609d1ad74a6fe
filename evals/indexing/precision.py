"""What the numbers that the shipped model computes with cost in quality, against float32."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from connectors.ports import SourceFile
from evals.embedding.library import LibraryMiniLm
from evals.retrieval.collection import Collection, Document, load_collection
from evals.retrieval.measures import NDCG, measure
from inference.local_embedder import LocalEmbedder, open_local_embedder
from rag.ingest import cut_document, embed_texts
from rag.models import Anchor
from rag.parsing.document import ParsedDocument, Piece

MOST_LOST: Final = 0.002
_SETS: Final = ("en_cranfield", "en_xquad")
_DEPTH: Final = 100

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Precision:
    """nDCG@10 of the vectors alone, searched exactly, by collection."""

    shipped: Mapping[str, float]
    float32: Mapping[str, float]

    @property
    def lost(self) -> float:
        """Return the most that is lost on any set."""
        return max(self.float32[name] - self.shipped[name] for name in self.shipped)


def measure_precision(data: Path, tell: Callable[[str], None]) -> Precision:
    """Embed the same passages and queries both ways, and rank documents by their best passage."""
    embedder, library = open_local_embedder(), LibraryMiniLm()
    shipped: dict[str, float] = {}
    float32: dict[str, float] = {}
    for name in _SETS:
        tell(f"precision: {name}")
        collection = load_collection(data / name)
        owners, texts = _passages(collection, embedder)
        queries = list(collection.queries.values())
        shipped[name] = _ndcg(collection, owners, *_of_shipped(embedder, texts, queries))
        both = (np.asarray(library.vectors(each, batch=8), np.float32) for each in (texts, queries))
        float32[name] = _ndcg(collection, owners, *both)
    return Precision(shipped, float32)


def _passages(collection: Collection, embedder: LocalEmbedder) -> tuple[list[str], list[str]]:
    """Return of each passage the id of its document, and what is embedded."""
    cuts = {each.id: cut_document(*_as_file(each), embedder) for each in collection.documents}
    pairs = [(id_, chunk.embedded_text) for id_, cut in cuts.items() for chunk in cut.chunks]
    return [id_ for id_, _ in pairs], [text for _, text in pairs]


def _as_file(document: Document) -> tuple[SourceFile, ParsedDocument]:
    file = SourceFile(file_id=document.id, path=document.id, size=0, version="", modified=None)
    piece = Piece(kind="text", text=document.text, anchor=Anchor())
    return file, ParsedDocument(title=document.title, media_type="text/plain", pieces=[piece])


def _of_shipped(
    embedder: LocalEmbedder, texts: Sequence[str], queries: Sequence[str]
) -> tuple[Vectors, Vectors]:
    async def embed() -> tuple[Vectors, Vectors]:
        passages = [each.dense for each in await embed_texts(texts, embedder)]
        asked = [(await embedder.embed_query(query)).dense for query in queries]
        return np.asarray(passages, np.float32), np.asarray(asked, np.float32)

    return asyncio.run(embed())


def _ndcg(
    collection: Collection, owners: Sequence[str], passages: Vectors, queries: Vectors
) -> float:
    ranked: list[list[int]] = np.argsort(-(queries @ passages.T), axis=1)[:, :_DEPTH].tolist()
    rankings = {
        query: [owners[place] for place in places]
        for query, places in zip(collection.queries, ranked, strict=True)
    }
    return fmean(measure(rankings, collection.judged)[NDCG].values())
