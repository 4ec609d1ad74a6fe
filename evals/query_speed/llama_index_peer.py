"""LlamaIndex as its first tutorial has it: all vectors in memory, one model, nothing else."""

from collections.abc import Sequence
from typing import Final

from llama_index.core import VectorStoreIndex
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import TextNode
from pydantic import PrivateAttr

from evals.embedding.library import LibraryMiniLm

_BATCH: Final = 10  # its own default


class _LibraryEmbedding(BaseEmbedding):
    """What its HuggingFaceEmbedding does, without that package."""

    _model: LibraryMiniLm = PrivateAttr(default_factory=LibraryMiniLm)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._model.vectors([query], batch=_BATCH)[0]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._model.vectors([text], batch=_BATCH)[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


def open_peer(
    texts: Sequence[str], vectors: Sequence[Sequence[float]], *, limit: int
) -> BaseRetriever:
    """Return its default retriever over texts whose vectors are known."""
    nodes = [
        TextNode(id_=str(number), text=text, embedding=list(vector))
        for number, (text, vector) in enumerate(zip(texts, vectors, strict=True))
    ]
    index = VectorStoreIndex(nodes, embed_model=_LibraryEmbedding())
    return index.as_retriever(similarity_top_k=limit)
