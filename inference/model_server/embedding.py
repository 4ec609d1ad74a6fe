"""`/v1/embeddings` as OpenAI documents it, with sparse vectors for who asks, and `/pooling`.

`/pooling` answers what vLLM with the plugin of `deploy/vllm_bge_m3` does, so that
`inference.vllm_embedder` may ask either.
"""

import base64
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec

from inference.bge_m3_embedder import BgeM3Embedder
from inference.embedding import Embedding
from inference.gateway.problems import FieldRefused
from inference.model_server.posted import Posted
from inference.model_server.service import Answer, Route, as_json
from inference.model_server.threads import to_its_end

_MOST_TEXTS: Final = 2_048
_Texts = str | Annotated[list[str], msgspec.Meta(min_length=1, max_length=_MOST_TEXTS)]


class _Request(msgspec.Struct):
    model: str
    input: _Texts
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    outputs: list[Literal["dense", "sparse"]] = msgspec.field(default_factory=lambda: ["dense"])


class _Data(msgspec.Struct):
    input: _Texts


class _Pooling(msgspec.Struct):
    data: _Data
    task: Literal["embed&token_classify"] = "embed&token_classify"


@dataclass(kw_only=True)
class EmbeddingService:
    """Implements `inference.model_server.service.Service`."""

    open: Callable[[], BgeM3Embedder]
    _embedder: BgeM3Embedder | None = None

    async def load(self) -> None:
        """Load the model: it does so when it first embeds.

        Raises:
            LocalEmbeddingMissing, ModelFolderUnfit: it cannot be loaded.
        """
        embedder = self.open()
        await embedder.embed_query("")
        self._embedder = embedder

    def routes(self) -> Mapping[str, Route]:
        return {"/v1/embeddings": self._embeddings, "/pooling": self._pooling}

    async def _embeddings(self, posted: Posted) -> Answer:
        asked = posted.as_(_Request)
        embedder = self._loaded()
        if asked.dimensions not in {None, embedder.dimensions}:
            reason = f"this model gives {embedder.dimensions}"
            raise FieldRefused("dimensions", reason)
        texts = _listed(asked.input)
        found = await to_its_end(embedder.embed_documents(texts))
        data = [
            {"object": "embedding", "index": index, **_told(embedding, asked)}
            for index, embedding in enumerate(found)
        ]
        usage = _usage(embedder, texts)
        return as_json({"object": "list", "model": asked.model, "data": data, "usage": usage})

    async def _pooling(self, posted: Posted) -> Answer:
        texts = _listed(posted.as_(_Pooling).data.input)
        embedder = self._loaded()
        found = await to_its_end(embedder.embed_documents(texts))
        data = [
            {
                "index": index,
                "dense_embedding": embedding.dense,
                "sparse_embedding": _weights(embedding),
            }
            for index, embedding in enumerate(found)
        ]
        return as_json({"data": {"data": data, "usage": _usage(embedder, texts)}})

    def _loaded(self) -> BgeM3Embedder:
        if self._embedder is None:
            raise RuntimeError("asked before it was loaded")
        return self._embedder


def _listed(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _told(embedding: Embedding, asked: _Request) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "dense" in asked.outputs:
        is_text = asked.encoding_format == "base64"
        told["embedding"] = _packed(embedding.dense) if is_text else embedding.dense
    if "sparse" in asked.outputs and embedding.sparse is not None:
        weights = embedding.sparse
        told["sparse"] = {"indices": weights.indices, "values": weights.values}
    return told


def _packed(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _weights(embedding: Embedding) -> list[dict[str, float]]:
    if embedding.sparse is None:
        return []
    pairs = zip(embedding.sparse.indices, embedding.sparse.values, strict=True)
    return [{"token_id": token, "weight": weight} for token, weight in pairs]


def _usage(embedder: BgeM3Embedder, texts: Sequence[str]) -> dict[str, int]:
    tokens = sum(map(embedder.count_tokens, texts))
    return {"prompt_tokens": tokens, "total_tokens": tokens}
