"""Anthropic's client, unmodified, with models of this place whose servers have its form."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import anthropic
import pytest

from inference.prices import Used
from tests.inference.gateway.house import House, Model, gateway
from tests.servers.openai import MODEL, CutOff, Malformed, OpenAIStandIn, Refused, openai_stand_in

SAID: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": MODEL,
    "content": [{"type": "text", "text": "鋼です。"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 16, "output_tokens": 4},
}
BEGUN: dict[str, Any] = SAID | {"content": [], "stop_reason": None}
QUESTION: anthropic.types.MessageParam = {"role": "user", "content": "何ですか"}


def _event(kind: str, **more: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind} | more)}\n\n".encode()


def _piece(text: str) -> bytes:
    delta = {"type": "text_delta", "text": text}
    return _event("content_block_delta", index=0, delta=delta)


BEGINNING = (
    _event("message_start", message=BEGUN),
    _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
)
ENDING = (
    _event("content_block_stop", index=0),
    _event(
        "message_delta",
        delta={"stop_reason": "end_turn", "stop_sequence": None},
        usage={"input_tokens": 21, "output_tokens": 2},
    ),
    _event("message_stop"),
)


async def _message(asked: Mapping[str, Any]) -> Mapping[str, object]:
    if asked["max_tokens"] > 8_000:
        raise Refused(400, "max_tokens is too large")
    return SAID


async def _counted(_: Mapping[str, Any]) -> Mapping[str, object]:
    return {"input_tokens": 21}


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    posts = {"/v1/messages": _message, "/v1/messages/count_tokens": _counted}
    async with openai_stand_in(posts=posts) as standing:
        yield standing


@pytest.fixture
async def house(server: OpenAIStandIn) -> AsyncGenerator[House]:
    async with gateway(Model(replicas=[server.url.removesuffix("/v1")])) as opened:
        yield opened


@pytest.fixture
async def client(house: House) -> AsyncGenerator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(
        base_url=house.url, api_key="yamada", max_retries=0
    ) as opened:
        yield opened


async def test_a_message_is_answered_and_cached_tokens_are_among_those_of_the_prompt(
    house: House, client: anthropic.AsyncAnthropic
) -> None:
    answer = await client.messages.create(model="qwen", max_tokens=50, messages=[QUESTION])
    assert [block.text for block in answer.content if block.type == "text"] == ["鋼です。"]
    assert answer.model == "qwen"
    [ended] = house.account.ended
    assert ended.used == Used(prompt_tokens=21, cached_tokens=16, completion_tokens=4)


async def test_a_persons_cache_is_kept_from_others_and_no_option_of_openais_is_added(
    server: OpenAIStandIn, client: anthropic.AsyncAnthropic
) -> None:
    await client.messages.create(
        model="qwen", max_tokens=50, messages=[QUESTION], metadata={"user_id": "山田"}
    )
    sent = server.received[-1].json
    assert set(sent) == {"model", "max_tokens", "messages", "cache_salt"}


async def test_a_stream_comes_as_it_is_and_is_counted_by_its_end(
    house: House, server: OpenAIStandIn, client: anthropic.AsyncAnthropic
) -> None:
    events = b"".join([*BEGINNING, _piece("鋼"), _piece("です。"), *ENDING])
    server.fail_next(Malformed(events, "text/event-stream"))
    async with client.messages.stream(model="qwen", max_tokens=50, messages=[QUESTION]) as stream:
        assert "".join([text async for text in stream.text_stream]) == "鋼です。"
    [ended] = await house.account.all_ended()
    assert (ended.outcome, ended.used) == ("ok", Used(prompt_tokens=21, completion_tokens=2))


async def test_a_stream_that_breaks_off_is_an_error_and_what_came_is_counted(
    house: House, server: OpenAIStandIn, client: anthropic.AsyncAnthropic
) -> None:
    server.fail_next(Malformed(b"".join([*BEGINNING, _piece("鋼")]), "text/event-stream"))
    with pytest.raises(anthropic.APIStatusError, match="answer_broke_off"):
        async with client.messages.stream(
            model="qwen", max_tokens=50, messages=[QUESTION]
        ) as stream:
            await stream.get_final_message()
    [ended] = await house.account.all_ended()
    assert (ended.outcome, ended.used.prompt_tokens) == ("failed", 21)
    assert ended.used.completion_tokens >= 1


async def test_tokens_are_counted_before_they_are_spent(client: anthropic.AsyncAnthropic) -> None:
    counted = await client.messages.count_tokens(model="qwen", messages=[QUESTION])
    assert counted.input_tokens == 21


async def test_mistakes_are_told_in_the_form_of_its_errors(
    server: OpenAIStandIn, client: anthropic.AsyncAnthropic
) -> None:
    with pytest.raises(anthropic.NotFoundError, match="model_not_found"):
        await client.messages.create(model="gwen", max_tokens=5, messages=[QUESTION])
    with pytest.raises(anthropic.BadRequestError, match="too large"):
        await client.messages.create(model="qwen", max_tokens=9_000, messages=[QUESTION])
    server.fail_always(CutOff())
    with pytest.raises(anthropic.InternalServerError) as caught:
        await client.messages.create(model="qwen", max_tokens=5, messages=[QUESTION])
    assert caught.value.status_code == 503


async def test_a_picture_by_address_is_refused(client: anthropic.AsyncAnthropic) -> None:
    source: anthropic.types.URLImageSourceParam = {"type": "url", "url": "http://10.0.0.1/a.png"}
    with pytest.raises(anthropic.BadRequestError, match="data:"):
        await client.messages.create(
            model="qwen",
            max_tokens=5,
            messages=[{"role": "user", "content": [{"type": "image", "source": source}]}],
        )
