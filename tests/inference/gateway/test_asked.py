"""A request as the gateway reads it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Problem
from inference.gateway.asked import Asked, read_json
from inference.gateway.endpoints import ENDPOINTS
from inference.gateway.problems import RequestUnreadable
from inference.prices import Used

CHAT = ENDPOINTS["/v1/chat/completions"]
MESSAGES = [{"role": "user", "content": "何ですか"}]


def read(**fields: object) -> Asked:
    body = {"model": "qwen", "messages": MESSAGES, **fields}
    return read_json(CHAT, json.dumps(body, ensure_ascii=False).encode())


def test_fields_are_handed_on_as_they_were_written() -> None:
    body = '{"model": "qwen", "messages": [ {"role":"user","content":"\\u4f55"} ], "top_p": 1e-1}'
    asked = read_json(CHAT, body.encode())
    assert bytes(asked.fields["messages"]) == b'[ {"role":"user","content":"\\u4f55"} ]'
    assert bytes(asked.fields["top_p"]) == b"1e-1"


def test_a_call_holds_no_fewer_tokens_than_it_can_use() -> None:
    most = read(max_tokens=100, n=3).most(context=8192)
    assert most.completion_tokens == 300
    assert most.prompt_tokens >= len("何ですか".encode())


def test_a_call_never_holds_more_than_the_model_can_read_and_write() -> None:
    most = read(messages=["x" * 9000], max_tokens=10**6).most(context=8192)
    assert most == Used(prompt_tokens=8192, completion_tokens=8192)


def test_an_answer_without_a_limit_holds_a_usual_number_of_tokens() -> None:
    assert read().most(context=131_072).completion_tokens == 2048


def test_of_a_field_that_comes_twice_one_goes_on() -> None:
    body = b'{"model":"qwen","messages":[],"messages":[1],"model":"gpt-oss"}'
    asked = read_json(CHAT, body)
    assert (asked.model, bytes(asked.fields["messages"])) == ("gpt-oss", b"[1]")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"1", b"\xff", b"[" * 100_000, b'{"seed":1}'])
def test_a_body_that_is_no_request_is_told(body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        read_json(CHAT, body)


@given(st.binary(max_size=200) | st.text(max_size=80).map(str.encode))
def test_whatever_arrives_is_read_or_refused(body: bytes) -> None:
    refused: Problem | None = None
    try:
        asked = read_json(CHAT, body)
    except Problem as problem:
        refused = problem
    else:
        assert asked.fields.keys() <= CHAT.handed_on
    assert refused is None or refused.kind == "invalid"
