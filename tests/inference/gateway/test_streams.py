"""Events on their way: cut anywhere, counted, and without what was not asked for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.gateway.streams import Events, EventTooLong, Passing, Renaming
from inference.gateway.usage import usage_in
from inference.prices import Used


def chunk(text: str, *, tokens: int | None = None) -> bytes:
    usage = {} if tokens is None else {"usage": {"prompt_tokens": 5, "completion_tokens": tokens}}
    body = {"model": "up", "choices": [{"index": 0, "delta": {"content": text}}], **usage}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


LAST = b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}\n\n'
DONE = b"data: [DONE]\n\n"


@given(
    texts=st.lists(st.text(max_size=10), max_size=5),
    sizes=st.lists(st.integers(1, 30), min_size=1),
    end=st.sampled_from([b"\n\n", b"\r\n\r\n"]),
)
def test_events_are_whole_wherever_they_were_cut(
    texts: list[str], sizes: list[int], end: bytes
) -> None:
    sent = [chunk(text) for text in texts]
    left = b"".join(each[:-2] + end for each in sent)
    events = Events()
    received: list[bytes] = []
    while left:
        size = sizes[len(received) % len(sizes)]
        received += events.of(left[:size])
        left = left[size:]
    assert received == sent
    assert events.rest == b""


def test_an_event_that_never_ends_is_refused() -> None:
    events = Events()
    events.of(b"x" * 2**23)
    with pytest.raises(EventTooLong):
        events.of(b"x" * 2**24)


def test_the_usage_of_each_piece_is_counted_and_left_out() -> None:
    passing = Passing(keeps_usage=False)
    shown = [passing.event(each) for each in (chunk("は", tokens=1), chunk("い", tokens=2), LAST)]
    assert shown == [chunk("は"), chunk("い"), b""]
    assert passing.used == Used(prompt_tokens=5, completion_tokens=2)


def test_who_asked_gets_the_usage_once_at_the_end() -> None:
    passing = Passing(keeps_usage=True)
    assert passing.event(chunk("は", tokens=1)) == chunk("は")
    assert passing.event(LAST) == LAST


def test_of_a_server_that_does_not_count_each_event_is_a_token() -> None:
    passing = Passing(keeps_usage=False)
    for event in (chunk("は"), chunk("い"), DONE):
        passing.event(event)
    assert (passing.used, passing.is_done) == (Used(completion_tokens=2), True)


def test_what_a_model_says_about_usage_is_not_its_usage() -> None:
    said = chunk('"usage": {"prompt_tokens": 900}, "choices": []')
    passing = Passing(keeps_usage=False)
    assert passing.event(said) == said
    assert passing.used == Used(completion_tokens=1)


def test_a_model_has_the_name_that_it_has_here() -> None:
    renaming = Renaming(there="up", here='文"庫')
    answer = json.loads(renaming.of(b'{"id": "1", "model" : "up", "said": "\\"model\\":\\"up\\""}'))
    assert answer == {"id": "1", "model": '文"庫', "said": '"model":"up"'}


@pytest.mark.parametrize(
    ("usage", "used"),
    [
        (
            '{"prompt_tokens":9,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":4}}',
            Used(prompt_tokens=9, cached_tokens=4, completion_tokens=3),
        ),
        ('{"input_tokens":9,"output_tokens":3}', Used(prompt_tokens=9, completion_tokens=3)),
        ('{"total_tokens":7,"prompt_tokens_details":null}', Used(prompt_tokens=7)),
        ('{"type":"duration","seconds":1.5}', Used(audio_s=1.5)),
        ('{"pages":2}', Used(pages=2)),
        ('{"prompt_tokens":-5,"completion_tokens":1}', Used(completion_tokens=1)),
        ('{"prompt_tokens":9e17,"seconds":1e300}', None),
        (
            '{"completion_tokens":900000000000000000,"seconds":1e300}',
            Used(completion_tokens=10**12, audio_s=1e9),
        ),
        (
            '{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":5}}',
            Used(prompt_tokens=1, cached_tokens=1),
        ),
    ],
)
def test_what_was_used_is_read_from_every_form(usage: str, used: Used) -> None:
    assert usage_in(f'{{"choices": [1], "usage": {usage}}}'.encode()) == used


@pytest.mark.parametrize("usage", ["null", "7", '{"prompt_tokens":"many"}', '{"prompt_tokens":'])
def test_a_usage_that_cannot_be_read_is_none(usage: str) -> None:
    assert usage_in(f'{{"usage": {usage}}}'.encode()) is None
