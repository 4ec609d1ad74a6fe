"""`/v1/embeddings` and `/pooling` with a tiny random bge-m3."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx2
import openai
import pytest
from pydantic import AnyHttpUrl

from inference.bge_m3_embedder import BgeM3Embedder
from inference.settings import EmbeddingSettings
from inference.vllm_embedder import open_vllm_embedder
from tests.inference.model_server.conftest import serve
from tests.inference.tiny_bge_m3 import HIDDEN, MAX_TOKENS

_TEXTS = ["The steel was quenched", "試料の硬さ"]


@pytest.fixture
async def client(tiny_bge_m3: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    folder = ("--folder", str(tiny_bge_m3), "--context", str(MAX_TOKENS))
    async with serve("--task", "embedding", *folder) as opened:
        yield opened


async def test_openais_client_gets_the_vectors_of_this_process(
    client: httpx2.AsyncClient, bge_m3: BgeM3Embedder
) -> None:
    async with openai.AsyncOpenAI(base_url=f"{client.base_url}/v1", api_key="none") as asking:
        told = await asking.embeddings.create(model="tiny", input=_TEXTS)  # in base64
    here = await bge_m3.embed_documents(_TEXTS)
    for one, other in zip(told.data, here, strict=True):
        assert one.embedding == pytest.approx(list(other.dense), abs=1e-5)
    assert told.usage.prompt_tokens == sum(map(bge_m3.count_tokens, _TEXTS))


async def test_sparse_vectors_come_to_who_asks_for_them(
    client: httpx2.AsyncClient, bge_m3: BgeM3Embedder
) -> None:
    asked = {"model": "tiny", "input": _TEXTS[0], "outputs": ["dense", "sparse"]}
    [told] = (await client.post("/v1/embeddings", json=asked)).json()["data"]
    [here] = await bge_m3.embed_documents(_TEXTS[:1])
    assert here.sparse is not None
    assert told["sparse"]["indices"] == list(here.sparse.indices)
    assert told["sparse"]["values"] == pytest.approx(list(here.sparse.values), abs=1e-5)
    assert len(told["embedding"]) == HIDDEN


async def test_the_embedder_for_vllm_may_ask_it(
    client: httpx2.AsyncClient, bge_m3: BgeM3Embedder
) -> None:
    settings = EmbeddingSettings(
        kind="vllm", base_url=AnyHttpUrl(f"{client.base_url}/v1"), model="tiny", dimensions=HIDDEN
    )
    remote = open_vllm_embedder(settings)
    [told] = await remote.embed_documents(_TEXTS[:1])
    await remote.aclose()
    [here] = await bge_m3.embed_documents(_TEXTS[:1])
    assert told.sparse is not None
    assert here.sparse is not None
    assert list(told.dense) == pytest.approx(list(here.dense), abs=1e-5)
    assert set(told.sparse.indices) == set(here.sparse.indices)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"input": []}, 400, "request_unreadable"),
        ({"input": [[1, 2]]}, 400, "request_unreadable"),
        ({"input": "x", "dimensions": 7}, 400, "field_refused"),
        ({"input": "steel " * 600}, 413, "text_too_long"),
        ({"input": "x", "outputs": ["colbert"]}, 400, "request_unreadable"),
    ],
)
async def test_what_is_not_embedded_says_why(
    client: httpx2.AsyncClient, fields: dict[str, object], status: int, code: str
) -> None:
    answer = await client.post("/v1/embeddings", json={"model": "tiny", **fields})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
