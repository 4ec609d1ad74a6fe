"""The stand-in is worth its tests only if the official client takes it for real."""

import pytest
from openai import (
    APIConnectionError,
    AsyncOpenAI,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
)
from openai.types.chat import ChatCompletionUserMessageParam

from inference.fake import HashEmbedder
from tests.servers.openai import (
    MODEL,
    OpenAIStandIn,
    Refuse,
    one_after_another,
    openai_stand_in,
)

ASKED: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "保管温度は?"}]


def _client(server: OpenAIStandIn) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=server.url, api_key="key", max_retries=0)


async def test_the_models_are_listed() -> None:
    async with openai_stand_in() as server, _client(server) as client:
        assert [model.id for model in (await client.models.list()).data] == [MODEL]


async def test_a_reply_comes_whole_with_its_usage() -> None:
    async with openai_stand_in("4 度です。") as server, _client(server) as client:
        answer = await client.chat.completions.create(model=MODEL, messages=ASKED)
    assert answer.choices[0].message.content == "4 度です。"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 6


async def test_a_stream_brings_the_same_reply_in_pieces_and_its_usage_last() -> None:
    async with openai_stand_in("4 度です。", piece=2) as server, _client(server) as client:
        stream = await client.chat.completions.create(
            model=MODEL, messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert pieces == ["", "4 ", "度で", "す。", None]
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == [6 + 6]


async def test_vectors_are_equal_as_numbers_and_as_base64() -> None:
    async with openai_stand_in() as server, _client(server) as client:
        plain = await client.embeddings.create(model=MODEL, input=["鋼"], encoding_format="float")
        packed = await client.embeddings.create(model=MODEL, input=["鋼"])
    assert server.embeddings[1].json["encoding_format"] == "base64"
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)


async def test_faults_meet_the_next_requests_in_order_and_then_end() -> None:
    async with openai_stand_in() as server, _client(server) as client:
        server.fail_next(Refuse(429, retry_after="2"), Refuse(503))
        with pytest.raises(RateLimitError) as busy:
            await client.models.list()
        with pytest.raises(InternalServerError):
            await client.models.list()
        await client.models.list()
    assert busy.value.response.headers["retry-after"] == "2"


async def test_a_text_over_the_models_limit_is_a_bad_request() -> None:
    embedder = HashEmbedder(max_tokens=8)
    async with openai_stand_in(embedder=embedder) as server, _client(server) as client:
        with pytest.raises(BadRequestError, match="8 tokens"):
            await client.embeddings.create(model=MODEL, input=["鋼", "長" * 30])


async def test_an_unknown_model_is_not_found() -> None:
    async with openai_stand_in() as server, _client(server) as client:
        with pytest.raises(NotFoundError, match="does not exist"):
            await client.chat.completions.create(model="gpt-x", messages=ASKED)


async def _ask_once_more_than_the_script_foresaw() -> None:
    async with openai_stand_in(one_after_another()) as server, _client(server) as client:
        with pytest.raises(APIConnectionError):
            await client.chat.completions.create(model=MODEL, messages=ASKED)


async def test_a_request_more_than_the_script_foresaw_fails_the_test() -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await _ask_once_more_than_the_script_foresaw()


async def test_what_was_sent_can_be_looked_at() -> None:
    async with openai_stand_in() as server, _client(server) as client:
        await client.chat.completions.create(model=MODEL, messages=ASKED)
    assert server.chats[0].json["messages"] == ASKED
    assert server.chats[0].headers["authorization"] == "Bearer key"
