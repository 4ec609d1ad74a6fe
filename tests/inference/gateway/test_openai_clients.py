"""OpenAI's own client and LangChain's, unmodified, through the gateway."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from langchain_openai import ChatOpenAI
from openai import OpenAI
from pydantic import SecretStr

from inference.prices import Used
from tests.inference.gateway.house import House, Model, gateway
from tests.servers.openai import OpenAIStandIn, openai_stand_in

SAID = "これは文庫です。"
QUESTION = [{"role": "user", "content": "何ですか"}]


@pytest.fixture
async def house() -> AsyncGenerator[House]:
    async with (
        openai_stand_in(SAID) as server,
        gateway(Model(replicas=[root_of(server)], aliases=["Qwen2.5"])) as opened,
    ):
        yield opened


def root_of(server: OpenAIStandIn) -> str:
    return server.url.removesuffix("/v1")


async def test_a_question_is_answered_and_counted(house: House) -> None:
    async with house.client() as client:
        answer = await client.chat.completions.create(
            model="qwen", messages=[{"role": "user", "content": "何ですか"}], max_tokens=20
        )
    assert answer.choices[0].message.content == SAID
    assert answer.model == "qwen"
    [ended] = house.account.ended
    assert ended.used == Used(prompt_tokens=4, completion_tokens=8)
    assert (ended.outcome, ended.status, ended.model) == ("ok", 200, "qwen")


async def test_a_stream_is_answered_piece_by_piece_and_counted(house: House) -> None:
    async with house.client() as client:
        stream = await client.chat.completions.create(
            model="qwen", messages=[{"role": "user", "content": "何ですか"}], stream=True
        )
        chunks = [chunk async for chunk in stream]
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == SAID
    assert all(chunk.usage is None for chunk in chunks)
    [ended] = house.account.ended
    assert ended.used == Used(prompt_tokens=4, completion_tokens=8)
    assert ended.first_byte_s is not None


async def test_who_asks_for_the_usage_of_a_stream_gets_it_at_its_end(house: House) -> None:
    async with house.client() as client:
        stream = await client.chat.completions.create(
            model="Qwen2.5",
            messages=[{"role": "user", "content": "何ですか"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        *_, last = [chunk async for chunk in stream]
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.completion_tokens == 8


async def test_the_client_that_waits_for_each_call_works_too(house: House) -> None:
    def ask() -> str | None:
        with OpenAI(base_url=f"{house.url}/v1", api_key="yamada", max_retries=0) as client:
            answer = client.chat.completions.create(
                model="qwen", messages=[{"role": "user", "content": "何ですか"}]
            )
            return answer.choices[0].message.content

    assert await asyncio.to_thread(ask) == SAID


async def test_langchain_asks_and_reads_streams(house: House) -> None:
    chat = ChatOpenAI(base_url=f"{house.url}/v1", api_key=SecretStr("yamada"), model="qwen")
    answer = await chat.ainvoke("何ですか")
    assert answer.content == SAID
    pieces = [chunk.text async for chunk in chat.astream("何ですか")]
    assert "".join(pieces) == SAID


async def test_models_are_listed_and_described(house: House) -> None:
    async with house.client() as client:
        models = [model.id async for model in client.models.list()]
        model = await client.models.retrieve("qwen2.5")
    assert models == ["qwen"]
    assert model.id == "qwen"
