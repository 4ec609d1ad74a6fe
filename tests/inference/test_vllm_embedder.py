"""bge-m3 on vLLM, against a stand-in that speaks its wire format; the real one is elsewhere."""

import base64
import json
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from pydantic import AnyHttpUrl

from contracts.problems import Problem
from inference.embedding import Embedding
from inference.problems import EmbeddingInputTooLong, ModelBusy, ModelRefused, ModelUnreachable
from inference.settings import EmbeddingSettings
from inference.vllm_embedder import VllmEmbedder, open_vllm_embedder
from tests.servers.openai import (
    Delay,
    Endless,
    Fault,
    Malformed,
    OpenAIStandIn,
    Refuse,
    openai_stand_in,
)
from tests.servers.vllm import BGE_M3, dense_and_sparse, token_vectors, with_pooling

TEXTS = ["鋼の焼入れ", "the steel was quenched", "祭式の韻律"]


@pytest.fixture
async def vllm() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in(posts=with_pooling(dense_and_sparse)) as server:
        yield server


@pytest.fixture
async def colbert() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in(posts=with_pooling(token_vectors)) as server:
        yield server


@asynccontextmanager
async def _embedder(
    server: OpenAIStandIn,
    colbert: OpenAIStandIn | None = None,
    *,
    dimensions: int = 64,
    timeout_s: float = 5.0,
) -> AsyncGenerator[VllmEmbedder]:
    opened = open_vllm_embedder(
        EmbeddingSettings(
            kind="vllm",
            base_url=AnyHttpUrl(server.url),
            colbert_url=AnyHttpUrl(colbert.url) if colbert else None,
            model="stand-in",
            dimensions=dimensions,
            max_tokens=64,
            timeout_s=timeout_s,
        )
    )
    try:
        yield opened
    finally:
        await opened.aclose()


def _same(found: Embedding, expected: Embedding) -> bool:
    assert found.dense == pytest.approx(expected.dense)
    assert found.sparse == expected.sparse
    return True


async def test_one_request_brings_dense_and_sparse_in_the_order_of_the_texts(
    vllm: OpenAIStandIn,
) -> None:
    async with _embedder(vllm) as embedder:
        found = await embedder.embed_documents(TEXTS)
    expected = await BGE_M3.embed_documents(TEXTS)
    assert all(map(_same, found, expected))
    assert [each.colbert for each in found] == [None, None, None]
    assert len(vllm.received) == 1


async def test_both_outputs_are_asked_for_with_their_activations(vllm: OpenAIStandIn) -> None:
    async with _embedder(vllm) as embedder:
        await embedder.embed_query("鋼")
    assert vllm.received[0].path == "/pooling"
    assert vllm.received[0].json == {
        "model": "stand-in",
        "task": "embed&token_classify",
        "data": {"embed_task": "dense&sparse", "use_activation": True, "input": ["鋼"]},
    }


async def test_a_second_server_gives_a_vector_for_each_token(
    vllm: OpenAIStandIn, colbert: OpenAIStandIn
) -> None:
    async with _embedder(vllm, colbert) as embedder:
        assert embedder.outputs == {"dense", "sparse", "colbert"}
        found = await embedder.embed_documents(TEXTS)
    expected = await BGE_M3.embed_documents(TEXTS)
    assert all(map(_same, found, expected))
    for one, other in zip(found, expected, strict=True):
        for row, expected_row in zip(one.colbert or [], other.colbert or [], strict=True):
            assert row == pytest.approx(expected_row, abs=1e-6)


async def test_without_a_second_server_there_is_no_colbert(vllm: OpenAIStandIn) -> None:
    async with _embedder(vllm) as embedder:
        assert embedder.outputs == {"dense", "sparse"}


async def test_a_server_is_asked_for_32_texts_at_once(vllm: OpenAIStandIn) -> None:
    async with _embedder(vllm) as embedder:
        assert len(await embedder.embed_documents(["鋼"] * 40)) == 40
    assert [len(request.json["data"]["input"]) for request in vllm.received] == [32, 8]


def _a_thousand(_: str) -> int:
    return 1000


async def test_long_texts_come_in_smaller_batches(vllm: OpenAIStandIn) -> None:
    async with _embedder(vllm) as embedder:
        settings = embedder.settings.model_copy(update={"max_tokens": 8192})
        counting = replace(embedder, settings=settings, count=_a_thousand)
        assert len(await counting.embed_documents(["鋼"] * 20)) == 20
    assert [len(request.json["data"]["input"]) for request in vllm.received] == [16, 4]


async def test_no_texts_call_no_model(vllm: OpenAIStandIn) -> None:
    async with _embedder(vllm) as embedder:
        assert await embedder.embed_documents([]) == []
    assert vllm.received == []


async def test_a_text_over_the_limit_is_refused_before_anything_is_sent(
    vllm: OpenAIStandIn,
) -> None:
    async with _embedder(vllm) as embedder:
        with pytest.raises(EmbeddingInputTooLong, match=r"Text 1 .* 64 tokens"):
            await embedder.embed_documents(["短い", "長" * 70])
    assert vllm.received == []


async def test_a_query_over_the_limit_is_cut_at_its_end(vllm: OpenAIStandIn) -> None:
    async with _embedder(vllm) as embedder:
        await embedder.embed_query("はじめ" + "長" * 1000)
        (sent,) = vllm.received[0].json["data"]["input"]
        assert sent.startswith("はじめ")
        assert embedder.count_tokens(sent) <= 64


async def test_vectors_of_another_length_are_refused(vllm: OpenAIStandIn) -> None:
    async with _embedder(vllm, dimensions=1024) as embedder:
        with pytest.raises(ModelUnreachable, match="of 1024 numbers, it sent 64"):
            await embedder.embed_query("鋼")


async def test_the_other_servers_vectors_of_another_length_are_refused(
    vllm: OpenAIStandIn, colbert: OpenAIStandIn
) -> None:
    colbert.fail_always(_token_answer(struct.pack("<63f", *[1.0] * 63)))
    async with _embedder(vllm, colbert) as embedder:
        with pytest.raises(ModelUnreachable, match="malformed"):
            await embedder.embed_query("鋼")


def _answer(*embeddings: str) -> Malformed:
    return Malformed(f'{{"data": {{"data": [{", ".join(embeddings)}]}}}}'.encode())


def _one(*, index: int = 0, dense: str = "[3, 4]", sparse: str = "[]") -> str:
    return (
        f'{{"index": {index}, "dense_embedding": {dense}, "sparse_embedding":'
        f" {sparse.replace('(', '{').replace(')', '}')}}}"
    )


def _token(token_id: str, weight: str) -> str:
    return f'("token_id": {token_id}, "weight": {weight})'


async def test_special_tokens_and_zeros_weigh_nothing_and_the_greatest_weight_counts(
    vllm: OpenAIStandIn,
) -> None:
    pairs = [("0", "1"), ("2", "1"), ("3", "1"), ("9", "0"), ("7", ".5"), ("7", ".25")]
    tokens = ", ".join(_token(token_id, weight.replace(".", "0.")) for token_id, weight in pairs)
    vllm.fail_always(_answer(_one(sparse=f"[{tokens}]")))
    async with _embedder(vllm, dimensions=2) as embedder:
        found = await embedder.embed_query("鋼")
    assert found.dense == pytest.approx([0.6, 0.8])
    assert found.sparse is not None
    assert (found.sparse.indices, found.sparse.values) == ((7,), (0.5,))


@pytest.mark.parametrize(
    "hostile",
    [
        _answer(),
        _answer(_one(), _one(index=1)),
        _answer(_one(index=1)),
        _answer(_one(dense="[0, 0]")),
        _answer(_one(dense="[NaN, 1]")),
        _answer(_one(dense="[1e400, 1]")),
        _answer(_one(dense="[null, 1]")),
        _answer(_one(dense="[[1, 1]]")),
        _answer(_one(sparse=f"[{_token('-1', '1')}]")),
        _answer(_one(sparse=f"[{_token('4294967296', '1')}]")),
        _answer(_one(sparse=f"[{_token('7', 'NaN')}]")),
        _answer(_one(sparse=f"[{_token('7', 'Infinity')}]")),
        _answer(_one(sparse="null")),
        Malformed(b'{"data": ['),
        Malformed(b"null"),
        Malformed(b"<html>Welcome</html>", "text/html"),
        Malformed(b'{"data": [{"index": 0, "object": "pooling", "data": [0.6, 0.8]}]}'),
    ],
)
async def test_what_is_no_embedding_of_the_text_is_refused(
    vllm: OpenAIStandIn, hostile: Fault
) -> None:
    vllm.fail_always(hostile)
    async with _embedder(vllm, dimensions=2) as embedder:
        with pytest.raises(ModelUnreachable):
            await embedder.embed_query("鋼")


def _token_answer(raw: bytes) -> Malformed:
    data = base64.b64encode(raw).decode()
    return Malformed(json.dumps({"data": [{"index": 0, "data": data}]}).encode())


@pytest.mark.parametrize(
    "hostile",
    [
        _token_answer(b""),
        _token_answer(b"\x00" * 7),
        _token_answer(b"\x00" * 4 * 64),
        _token_answer(struct.pack("<64f", *[float("nan")] * 64)),
        Malformed(b'{"data": [{"index": 0, "data": "no base64"}]}'),
        Malformed(b'{"data": [{"index": 0, "data": "\xe9\x8b\xbc"}]}'),
        Malformed(b'{"data": []}'),
    ],
)
async def test_what_are_no_vectors_of_tokens_is_refused(
    vllm: OpenAIStandIn, colbert: OpenAIStandIn, hostile: Fault
) -> None:
    colbert.fail_always(hostile)
    async with _embedder(vllm, colbert) as embedder:
        with pytest.raises(ModelUnreachable):
            await embedder.embed_query("鋼")


async def _failure(embedder: VllmEmbedder) -> Problem:
    with pytest.raises(Problem) as failed:
        await embedder.embed_query("鋼")
    return failed.value


async def test_a_busy_server_says_when_to_come_back(vllm: OpenAIStandIn) -> None:
    vllm.fail_always(Refuse(429, retry_after="300"))
    async with _embedder(vllm) as embedder:
        problem = await _failure(embedder)
    assert isinstance(problem, ModelBusy)
    assert problem.retry_after_s == 300.0


async def test_a_server_without_the_plugin_refuses(colbert: OpenAIStandIn) -> None:
    async with _embedder(colbert) as embedder:
        problem = await _failure(embedder)
    assert isinstance(problem, ModelRefused)
    assert "HTTP 400" in problem.message


async def test_a_server_that_takes_too_long_is_given_up(vllm: OpenAIStandIn) -> None:
    vllm.fail_always(Delay(1))
    async with _embedder(vllm, timeout_s=0.05) as embedder:
        assert "it took too long" in (await _failure(embedder)).message


async def test_a_server_that_never_ends_its_answer_is_given_up(vllm: OpenAIStandIn) -> None:
    vllm.fail_always(Endless(b" ", pace_s=0.01))
    async with _embedder(vllm, timeout_s=0.1) as embedder:
        assert "it took too long" in (await _failure(embedder)).message


async def test_where_one_of_two_servers_fails_there_is_no_half_embedding(
    vllm: OpenAIStandIn, colbert: OpenAIStandIn
) -> None:
    colbert.fail_always(Refuse(404))
    async with _embedder(vllm, colbert) as embedder:
        assert isinstance(await _failure(embedder), ModelRefused)


def test_without_a_server_there_is_nothing_to_open() -> None:
    with pytest.raises(ValueError, match="base_url"):
        open_vllm_embedder(EmbeddingSettings())
