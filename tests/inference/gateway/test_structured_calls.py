"""Answers that must fit a schema: checked, repaired once, and streamed when they are whole."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import openai
import pytest
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field, SecretStr

from inference.gateway.aiohttp_upstream import open_upstream
from inference.gateway.asked import read_json
from inference.gateway.calls import Running
from inference.gateway.endpoints import ENDPOINTS
from inference.gateway.exchange import Headers
from inference.gateway.handed import handed
from inference.gateway.pool import Pool
from inference.gateway.relay import Outgoing, Relay
from inference.gateway.served import Served
from inference.gateway.structured_calls import StructuredCalls, wanted_of
from tests.inference.gateway.house import House, Model, gateway
from tests.servers.loopback import Exchange, Received, serve_loopback
from tests.servers.openai import MODEL, Delay, OpenAIStandIn, one_after_another, openai_stand_in

GOOD = '{"verdict": "十分", "score": 3}'
BAD = '{"verdict": "十分", "score": 30}'


class Verdict(BaseModel):
    """A judgement."""

    verdict: str = Field(max_length=20)
    score: int = Field(ge=0, le=5)


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in(GOOD) as opened:
        yield opened


@pytest.fixture
async def house(server: OpenAIStandIn) -> AsyncGenerator[House]:
    async with gateway(Model(replicas=[server.url.removesuffix("/v1")])) as opened:
        yield opened


async def parsed(house: House) -> Verdict | None:
    async with house.client() as client:
        answer = await client.chat.completions.parse(
            model="qwen",
            messages=[{"role": "user", "content": "判定して"}],
            response_format=Verdict,
        )
    return answer.choices[0].message.parsed


async def test_openais_client_parses_what_fits(house: House, server: OpenAIStandIn) -> None:
    assert await parsed(house) == Verdict(verdict="十分", score=3)
    asked: Any = server.chats[0].json["response_format"]["json_schema"]
    assert asked["strict"] is True
    assert "pattern" in asked["schema"]["properties"]["verdict"]


async def test_langchain_parses_what_fits(house: House) -> None:
    chat: Any = ChatOpenAI(base_url=f"{house.url}/v1", api_key=SecretStr("yamada"), model="qwen")
    answer = await chat.with_structured_output(Verdict).ainvoke("判定して")
    assert answer == Verdict(verdict="十分", score=3)


async def test_what_does_not_fit_is_asked_for_once_more_and_all_is_counted(
    house: House, server: OpenAIStandIn
) -> None:
    server.script = one_after_another(BAD, GOOD)
    assert await parsed(house) == Verdict(verdict="十分", score=3)
    *_, said, complaint = server.chats[1].json["messages"]
    assert said == {"role": "assistant", "content": BAD}
    assert "/score does not keep to 'maximum'" in complaint["content"]
    [ended] = house.account.ended
    assert ended.used.completion_tokens == len(BAD) + len(GOOD)


async def test_what_does_not_fit_twice_is_an_error_with_its_reason(
    house: House, server: OpenAIStandIn
) -> None:
    server.script = lambda _: BAD
    with pytest.raises(openai.InternalServerError, match="/score does not keep to 'maximum'") as e:
        await parsed(house)
    assert e.value.code == "answer_unfit"
    assert len(server.chats) == 2
    assert house.account.ended[0].outcome == "failed"


async def test_a_stream_gets_an_answer_that_fits(house: House, server: OpenAIStandIn) -> None:
    server.script = one_after_another(BAD, GOOD)
    async with (
        house.client() as client,
        client.chat.completions.stream(
            model="qwen",
            messages=[{"role": "user", "content": "判定して"}],
            response_format=Verdict,
            stream_options={"include_usage": True},
        ) as stream,
    ):
        answer = await stream.get_final_completion()
    assert answer.choices[0].message.parsed == Verdict(verdict="十分", score=3)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert all("stream" not in request.json for request in server.chats)


async def test_a_schema_that_cannot_be_followed_is_told_before_any_model_is_asked(
    house: House, server: OpenAIStandIn
) -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {"not": {}}}}
    asked: dict[str, Any] = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body: dict[str, Any] = {"model": "qwen", "messages": [], "response_format": asked}
    async with house.http() as client:
        answer = await client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 400
    assert "/properties/a" in answer.json()["error"]["message"]
    assert server.chats == []


async def test_text_beside_tools_is_streamed_as_it_comes(
    house: House, server: OpenAIStandIn
) -> None:
    async with house.client() as client:
        stream = await client.chat.completions.create(
            model="qwen",
            messages=[{"role": "user", "content": "何ですか"}],
            tools=[{"type": "function", "function": {"name": "weigh", "parameters": {}}}],
            stream=True,
        )
        pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(pieces) == GOOD
    assert len(pieces) > 5
    assert server.chats[0].json["tools"][0]["function"]["strict"] is True


class _Shown:
    """Implements `Answering`: keeps what was sent."""

    def __init__(self) -> None:
        self.is_begun = False
        self.status = 0
        self.sent: list[bytes] = []

    async def start(self, status: int, headers: Headers) -> None:  # noqa: ARG002 - of the port
        self.is_begun, self.status = True, status

    async def write(self, data: bytes) -> None:
        self.sent.append(data)

    async def end(self, data: bytes) -> None:
        self.sent.append(data)


async def test_who_reads_a_stream_is_told_that_the_answer_is_worked_on(
    house: House, server: OpenAIStandIn
) -> None:
    server.fail_next(Delay(0.3))
    shown = await _streamed(house, server)
    assert shown.sent[0] == b": working\n\n"
    assert shown.sent[-1].endswith(b"data: [DONE]\n\n")


async def test_an_error_within_a_stream_is_an_event(house: House, server: OpenAIStandIn) -> None:
    async def refuse_late(_: Received, exchange: Exchange) -> None:
        await asyncio.sleep(0.3)
        await exchange.answer(400, {}, b'{"error": {"message": "too long"}}')

    async with serve_loopback(refuse_late) as late:
        shown = await _streamed(house, server, replica=late)
    assert shown.sent[-1] == b'data: {"error": {"message": "too long"}}\n\n'


async def _streamed(house: House, server: OpenAIStandIn, replica: str | None = None) -> _Shown:
    schema = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    body: dict[str, Any] = {"model": "qwen", "messages": [], "stream": True}
    body["response_format"] = schema
    asked = read_json(ENDPOINTS["/v1/chat/completions"], json.dumps(body).encode())
    wanted = wanted_of(asked)
    assert wanted is not None
    shown = _Shown()
    async with open_upstream() as upstream:
        urls = [replica or server.url.removesuffix("/v1")]
        served = Served(
            id="qwen",
            task="chat",
            runtime="vllm",
            pool=Pool("qwen", urls, probe=upstream.is_ready),
            upstream_name=MODEL,
            context=100,
        )
        outgoing = Outgoing(
            asked=asked,
            served=served,
            body=handed(asked, served, salt="salt"),
            prefix=None,
            request_id="r",
        )
        running = Running(admitted=house.account, began=0.0, served=served)
        calls = StructuredCalls(Relay(upstream=upstream), tell_every_s=0.1)
        await calls.relay_checked(outgoing, wanted, running, shown, [])
    return shown
