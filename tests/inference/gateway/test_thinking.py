"""Thoughts of reasoning models, in one field for every server."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.gateway.thinking import Thoughts
from tests.inference.gateway.house import House, Model, gateway
from tests.servers.openai import openai_stand_in

REPLY = "<think>鉄か、<銅>か。</think>鉄です。"


def in_whole(message: dict[str, Any], *, begins_thinking: bool = False) -> dict[str, Any]:
    body = json.dumps({"choices": [{"index": 0, "message": message}]}).encode()
    answer = json.loads(Thoughts(begins_thinking=begins_thinking).in_whole(body))
    found: dict[str, Any] = answer["choices"][0]["message"]
    return found


def event(delta: dict[str, Any], *, index: int = 0, end: str | None = None) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": end}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


def streamed(pieces: list[str], *, begins_thinking: bool = False) -> dict[str, str]:
    """Return what a client puts together of a stream."""
    thoughts = Thoughts(begins_thinking=begins_thinking)
    sent = [*(event({"content": piece}) for piece in pieces), event({}, end="stop")]
    together = {"content": "", "reasoning_content": ""}
    for each in sent:
        delta = json.loads(thoughts.in_event(each)[6:])["choices"][0]["delta"]
        for name in together:
            together[name] += delta.get(name) or ""
    return together


def test_a_whole_answer_is_taken_apart() -> None:
    assert in_whole({"role": "assistant", "content": REPLY}) == {
        "role": "assistant",
        "content": "鉄です。",
        "reasoning_content": "鉄か、<銅>か。",
    }


def test_an_answer_may_begin_behind_the_mark() -> None:
    message = in_whole({"content": "鉄か。</think>鉄です。"}, begins_thinking=True)
    assert message == {"content": "鉄です。", "reasoning_content": "鉄か。"}


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_what_the_server_took_apart_has_the_one_name(name: str) -> None:
    message = in_whole({"content": "鉄です。", name: "鉄か。"}, begins_thinking=True)
    assert message == {"content": "鉄です。", "reasoning_content": "鉄か。"}


def test_an_answer_without_thoughts_stays_as_it_is() -> None:
    assert in_whole({"content": "鉄です。"}) == {"content": "鉄です。"}
    assert in_whole({"content": None, "tool_calls": []}) == {"content": None, "tool_calls": []}


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<thi", "nk>", "<", "鉄", " "]), max_size=9),
    st.booleans(),
)
def test_a_stream_says_and_thinks_what_the_whole_answer_does(
    pieces: list[str],
    begins_thinking: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    whole = in_whole({"content": "".join(pieces)}, begins_thinking=begins_thinking)
    assert streamed(pieces, begins_thinking=begins_thinking) == {
        "content": whole["content"],
        "reasoning_content": whole.get("reasoning_content", ""),
    }


def test_each_choice_thinks_for_itself() -> None:
    thoughts = Thoughts(begins_thinking=False)
    thoughts.in_event(event({"content": "<think>"}, index=0))
    said = json.loads(thoughts.in_event(event({"content": "はい"}, index=1))[6:])
    assert said["choices"][0]["delta"] == {"content": "はい"}


@pytest.mark.parametrize(
    "raw", [b"data: [DONE]\n\n", b": ping\n\n", b"data: {\n\n", b"data: 1\n\n"]
)
def test_what_is_no_answer_stays_as_it_is(raw: bytes) -> None:
    assert Thoughts(begins_thinking=True).in_event(raw) == raw


@pytest.fixture
async def house() -> AsyncGenerator[House]:
    async with (
        openai_stand_in(REPLY, piece=2) as server,
        gateway(Model(replicas=[server.url.removesuffix("/v1")], thinks=True)) as opened,
    ):
        yield opened


async def test_clients_find_thoughts_beside_the_answer(house: House) -> None:
    body = {"model": "qwen", "messages": [{"role": "user", "content": "何ですか"}]}
    async with house.http() as client:
        whole = (await client.post("/v1/chat/completions", json=body)).json()
    assert whole["choices"][0]["message"]["content"] == "鉄です。"
    async with house.client() as openai:
        stream = await openai.chat.completions.create(
            model="qwen", messages=[{"role": "user", "content": "何ですか"}], stream=True
        )
        deltas = [chunk.choices[0].delta async for chunk in stream]
    assert "".join(delta.content or "" for delta in deltas) == "鉄です。"
    thoughts = [getattr(delta, "reasoning_content", None) or "" for delta in deltas]
    assert "".join(thoughts) == "鉄か、<銅>か。"
