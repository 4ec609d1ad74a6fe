"""The configured models in the whole service: bge-m3 at vLLM or in process, and the rerankers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rag.models import SearchAnswer, SearchRequest
from service.access.recorded import LOCAL_OPERATOR
from service.checks import Check
from service.health import examine
from service.rest.app import create_app
from service.settings import read_settings
from service.sources.order import SourceOrder
from service.wiring import Resources, open_resources
from tests.servers.openai import MODEL, OpenAIStandIn, Refuse, openai_stand_in
from tests.servers.vllm import (
    BGE_M3,
    dense_and_sparse,
    reranked_by_length,
    token_vectors,
    with_pooling,
)
from tests.service.rest.world import client_of

FILES = {"a.txt": "溶体化処理は413 ℃", "b.txt": "溶体化処理について、別の長い文書。時効も行った。"}
TOKEN = "fml_the-token-of-the-data-folder"


@asynccontextmanager
async def _pods() -> AsyncGenerator[tuple[OpenAIStandIn, dict[str, Any]]]:
    """A vLLM server for dense and sparse, one for ColBERT, and the settings that name them."""
    async with (
        openai_stand_in(posts=with_pooling(dense_and_sparse)) as pod,
        openai_stand_in(posts=with_pooling(token_vectors)) as colbert,
    ):
        chosen = {"kind": "vllm", "base_url": pod.url, "colbert_url": colbert.url, "model": MODEL}
        yield pod, chosen | {"dimensions": BGE_M3.dimensions}


@asynccontextmanager
async def _indexed(folder: Path, **settings: Any) -> AsyncGenerator[Resources]:  # noqa: ANN401
    (folder / "files").mkdir()
    for name, text in FILES.items():
        (folder / "files" / name).write_text(text, encoding="utf-8")
    async with open_resources(read_settings(data_folder=folder / "data", **settings)) as opened:
        order = SourceOrder(location=str(folder / "files"))
        project = await opened.sources.add(LOCAL_OPERATOR, order)
        job = await opened.jobs.start(project.project_id, created_by="test")
        await opened.jobs.run(job.job_id)
        yield opened


async def _search(opened: Resources) -> SearchAnswer:
    return await opened.desk.search(LOCAL_OPERATOR, SearchRequest(query="溶体化処理 413"))


async def test_a_service_on_vllm_finds_and_reranks_by_all_its_outputs(tmp_path: Path) -> None:
    async with _pods() as (_, chosen):
        rerank = {"kind": "colbert"}
        async with _indexed(tmp_path, embedding=chosen, rerank=rerank) as opened:
            answer = await _search(opened)
    assert [hit.path for hit in answer.hits] == ["a.txt", "b.txt"]
    assert answer.note is None
    assert all(hit.parts.rerank is not None for hit in answer.hits)


async def test_its_dense_vectors_are_served_to_openais_clients(tmp_path: Path) -> None:
    async with _pods() as (_, chosen), _indexed(tmp_path, embedding=chosen) as opened:
        app = create_app(opened, local_token=TOKEN)
        async with client_of(app, TOKEN) as client:
            asked = {"model": MODEL, "input": ["鋼", "steel"]}
            answer = (await client.post("/v1/embeddings", json=asked)).json()
    expected = await BGE_M3.embed_documents(["鋼", "steel"])
    assert [each["embedding"] for each in answer["data"]] == [
        pytest.approx(each.dense) for each in expected
    ]


async def test_a_reranker_at_an_endpoint_puts_the_hits_in_its_order(tmp_path: Path) -> None:
    async with openai_stand_in(posts={"/v1/rerank": reranked_by_length}) as endpoint:
        rerank = {"base_url": endpoint.url, "model": MODEL}
        async with _indexed(tmp_path, embedding={"kind": "hash"}, rerank=rerank) as opened:
            longest_first = await _search(opened)
            endpoint.fail_always(Refuse(401))
            without = await _search(opened)
    assert [hit.path for hit in longest_first.hits] == ["b.txt", "a.txt"]
    assert [hit.path for hit in without.hits] == ["a.txt", "b.txt"]
    assert "リランカー" in (without.note or "")


async def _check(name: str, folder: Path, **settings: Any) -> Check:  # noqa: ANN401 - settings
    checks = await examine(read_settings(data_folder=folder, **settings))
    return next(check for check in checks if check.name == name)


async def test_the_doctor_says_what_a_vllm_server_gives(tmp_path: Path) -> None:
    async with _pods() as (_, chosen):
        found = await _check("embedding model", tmp_path, embedding=chosen)
        reranker = await _check("reranker", tmp_path, embedding=chosen, rerank={"kind": "colbert"})
    assert (found.state, reranker.state) == ("ok", "ok")
    assert found.detail.endswith("(64 numbers, sparse, colbert)")


async def test_the_doctor_asks_for_the_plugin_where_vllm_refuses(tmp_path: Path) -> None:
    async with openai_stand_in(posts=with_pooling(token_vectors)) as pod:
        chosen = {"kind": "vllm", "base_url": pod.url, "model": MODEL, "dimensions": 64}
        found = await _check("embedding model", tmp_path, embedding=chosen)
    assert found.state == "broken"
    assert "deploy/vllm_bge_m3" in found.hint


async def test_the_doctor_asks_a_reranker_for_a_score(tmp_path: Path) -> None:
    async with openai_stand_in(posts={"/v1/rerank": reranked_by_length}) as endpoint:
        right = {"base_url": endpoint.url, "model": MODEL}
        wrong = right | {"model": "no-such-model"}
        states = [
            (await _check("reranker", tmp_path, embedding={"kind": "hash"}, rerank=each)).state
            for each in (right, wrong)
        ]
    assert states == ["ok", "broken"]
