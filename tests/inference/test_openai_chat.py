from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import pytest
from pydantic import AnyHttpUrl

from inference.openai_chat import OpenAIChat, open_openai_chat
from inference.problems import ModelBusy, ModelUnreachable
from inference.settings import ChatSettings
from rag.ports import ChatMessage
from tests.servers.openai import CutOff, Fault, Malformed, OpenAIStandIn, Refuse

ASKED = [
    ChatMessage("system", "日本語で。"),
    ChatMessage("assistant", "はい。"),
    ChatMessage("user", "保管温度は?"),
]


@pytest.fixture
async def chat(server: OpenAIStandIn) -> AsyncGenerator[OpenAIChat]:
    opened = open_openai_chat(
        ChatSettings(base_url=AnyHttpUrl(server.url), model="stand-in", timeout_s=5)
    )
    yield opened
    await opened.aclose()


async def _said(chat: OpenAIChat) -> list[str]:
    return [piece async for piece in chat.stream(ASKED, max_tokens=100)]


async def test_a_reply_comes_piece_by_piece(chat: OpenAIChat) -> None:
    assert await _said(chat) == ["4 度", "で保管", "します", "。"]


async def test_thinking_is_left_out(server: OpenAIStandIn, chat: OpenAIChat) -> None:
    server.script = lambda _: "<think>4 か 20 か…</think>4 度です。"
    assert "".join(await _said(chat)) == "4 度です。"


async def test_roles_limit_and_determinism_are_sent(
    server: OpenAIStandIn, chat: OpenAIChat
) -> None:
    await _said(chat)
    body = server.chats[0].json
    assert [(message["role"], message["content"]) for message in body["messages"]] == [
        (message.role, message.content) for message in ASKED
    ]
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("stand-in", 100, 0)
    assert "response_format" not in body


async def test_a_schema_asks_for_json_that_follows_it(
    server: OpenAIStandIn, chat: OpenAIChat
) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
    async for _ in chat.stream(ASKED, max_tokens=100, schema=schema):
        pass
    sent = server.chats[0].json["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"] == schema


async def test_closing_the_stream_hangs_up(server: OpenAIStandIn, chat: OpenAIChat) -> None:
    server.script = lambda _: "長い話。" * 1000
    server.pace_s = 0.005
    async with aclosing(chat.stream(ASKED, max_tokens=100)) as pieces:
        assert await anext(pieces) == "長い話"
    with anyio.fail_after(5):
        await server.hung_up.wait()


async def test_a_reply_that_breaks_off_is_a_failure_and_not_a_shorter_reply(
    server: OpenAIStandIn, chat: OpenAIChat
) -> None:
    server.fail_always(CutOff(after_bytes=600))
    stream = chat.stream(ASKED, max_tokens=100)
    assert await anext(stream) == "4 度"
    with pytest.raises(ModelUnreachable):
        await anext(stream)


@pytest.mark.parametrize(
    "fault",
    [
        Malformed(b"<html>Welcome</html>", "text/html"),
        Malformed(b'data: {"choices": [{"index": 0, "delta"\n\n', "text/event-stream"),
        Malformed(b'data: {"choices": 3}\n\n', "text/event-stream"),
        Malformed(b'data: {"error": {"message": "boom"}}\n\n', "text/event-stream"),
        Malformed(b'data: {"choices": []}\n\ndata: [DONE]\n\n', "text/event-stream"),
        Malformed(b"", "text/event-stream"),
    ],
)
async def test_an_answer_that_is_no_reply_is_a_failure_and_not_an_empty_reply(
    server: OpenAIStandIn, chat: OpenAIChat, fault: Fault
) -> None:
    server.fail_always(fault)
    with pytest.raises(ModelUnreachable, match="broke off or was malformed"):
        await _said(chat)


async def test_a_busy_model_says_when_to_come_back(server: OpenAIStandIn, chat: OpenAIChat) -> None:
    server.fail_always(Refuse(429, retry_after="300"))
    with pytest.raises(ModelBusy) as busy:
        await _said(chat)
    assert busy.value.retry_after_s == 300.0


def test_without_an_endpoint_there_is_nothing_to_open() -> None:
    with pytest.raises(ValueError, match="base_url"):
        open_openai_chat(ChatSettings())
