from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from pydantic import AnyHttpUrl

from inference.fake import HashEmbedder
from inference.openai_embedder import OpenAIEmbedder, open_openai_embedder
from inference.problems import EmbeddingInputTooLong, ModelUnreachable
from inference.settings import EmbeddingSettings
from tests.servers.openai import Malformed, OpenAIStandIn


@asynccontextmanager
async def _embedder(
    server: OpenAIStandIn, *, dimensions: int = 64
) -> AsyncGenerator[OpenAIEmbedder]:
    opened = open_openai_embedder(
        EmbeddingSettings(
            base_url=AnyHttpUrl(server.url),
            model="stand-in",
            dimensions=dimensions,
            max_tokens=32,
            timeout_s=5,
        )
    )
    try:
        yield opened
    finally:
        await opened.aclose()


@pytest.fixture
async def embedder(server: OpenAIStandIn) -> AsyncGenerator[OpenAIEmbedder]:
    async with _embedder(server) as opened:
        yield opened


async def test_vectors_come_back_in_the_order_of_the_texts(embedder: OpenAIEmbedder) -> None:
    texts = [f"試料 {number}" for number in range(40)]
    expected = await HashEmbedder().embed_documents(texts)
    found = await embedder.embed_documents(texts)
    assert [each.dense for each in found] == [pytest.approx(each.dense) for each in expected]


async def test_an_endpoint_is_asked_for_32_texts_at_once(
    server: OpenAIStandIn, embedder: OpenAIEmbedder
) -> None:
    await embedder.embed_documents(["鋼"] * 40)
    assert [len(request.json["input"]) for request in server.embeddings] == [32, 8]


async def test_no_texts_call_no_model(server: OpenAIStandIn, embedder: OpenAIEmbedder) -> None:
    assert await embedder.embed_documents([]) == []
    assert server.received == []


async def test_a_text_over_the_limit_is_refused_before_anything_is_sent(
    server: OpenAIStandIn, embedder: OpenAIEmbedder
) -> None:
    with pytest.raises(EmbeddingInputTooLong, match="Text 1 "):
        await embedder.embed_documents(["短い", "長" * 40])
    assert server.received == []


async def test_a_query_over_the_limit_is_cut_at_its_end(
    server: OpenAIStandIn, embedder: OpenAIEmbedder
) -> None:
    await embedder.embed_query("はじめ" + "長" * 1000)
    sent = server.embeddings[0].json["input"][0]
    assert sent.startswith("はじめ")
    assert embedder.count_tokens(sent) <= 32


async def test_vectors_of_another_length_are_refused(server: OpenAIStandIn) -> None:
    async with _embedder(server, dimensions=1024) as embedder:
        with pytest.raises(ModelUnreachable, match="1024 numbers"):
            await embedder.embed_query("鋼")


def _answer(*vectors: str) -> Malformed:
    data = ",".join(
        f'{{"index": {index}, "embedding": {vector}}}' for index, vector in enumerate(vectors)
    )
    return Malformed(f'{{"data": [{data}]}}'.encode())


async def test_vectors_are_scaled_to_norm_1(server: OpenAIStandIn) -> None:
    server.fail_always(_answer("[3, 4]"))
    async with _embedder(server, dimensions=2) as embedder:
        assert (await embedder.embed_query("鋼")).dense == pytest.approx([0.6, 0.8])


@pytest.mark.parametrize("broken", ["[0, 0]", "[1e400, 1]", "[NaN, 1]", "[null, 1]"])
async def test_a_vector_without_a_direction_is_refused(server: OpenAIStandIn, broken: str) -> None:
    server.fail_always(_answer(broken))
    async with _embedder(server, dimensions=2) as embedder:
        with pytest.raises(ModelUnreachable):
            await embedder.embed_query("鋼")


async def test_fewer_vectors_than_texts_are_refused(
    server: OpenAIStandIn, embedder: OpenAIEmbedder
) -> None:
    server.fail_always(_answer(str([1.0] * 64)))
    with pytest.raises(ModelUnreachable):
        await embedder.embed_documents(["鋼", "銅"])


async def test_what_the_operator_says_of_the_model_is_what_it_says_of_itself(
    embedder: OpenAIEmbedder,
) -> None:
    assert (embedder.model, embedder.dimensions, embedder.max_tokens) == ("stand-in", 64, 32)
    assert embedder.languages == {"*"}


def test_without_an_endpoint_there_is_nothing_to_open() -> None:
    with pytest.raises(ValueError, match="base_url"):
        open_openai_embedder(EmbeddingSettings())
