"""Sound as a form: read, checked, and written anew for the model server."""

import json
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.problems import Problem
from inference.gateway.asked import Part
from inference.gateway.endpoints import ENDPOINTS
from inference.gateway.forms import as_form, read_form
from inference.gateway.problems import FieldRefused, RequestUnreadable
from tests.inference.gateway.house import House, Model, gateway
from tests.servers.loopback import Exchange, Received, serve_loopback

ENDPOINT = ENDPOINTS["/v1/audio/transcriptions"]
SOUND = Part("file", b"\x00RIFF\r\n--x\r\n", ".wav")
MODEL = Part("model", b"whisper")


def form(*parts: Part) -> tuple[str, bytes]:
    body, content_type = as_form({}, parts)
    return content_type, body


def test_a_form_is_read_and_the_name_of_the_file_left_out() -> None:
    asked = read_form(ENDPOINT, *form(MODEL, SOUND, Part("language", b"ja")))
    assert asked.model == "whisper"
    assert list(asked.form) == [SOUND, Part("language", b"ja")]


@given(
    st.lists(
        st.builds(Part, st.sampled_from(["language", "prompt", "temperature"]), st.binary()),
        max_size=5,
    ),
    st.binary(max_size=300),
)
def test_what_is_written_is_read_again(parts: list[Part], sound: bytes) -> None:
    whole = [*parts, Part("file", sound, ".mp3")]
    assert list(read_form(ENDPOINT, *form(MODEL, *whole)).form) == whole


@pytest.mark.parametrize(
    "parts",
    [
        (MODEL, SOUND, Part("callback_url", b"http://10.0.0.1")),
        (MODEL, Part("file", b"no file but text")),
        (MODEL, SOUND, Part("language", b"ja", ".txt")),
    ],
)
def test_a_field_that_the_server_is_not_to_see_is_refused(parts: tuple[Part, ...]) -> None:
    with pytest.raises(FieldRefused):
        read_form(ENDPOINT, *form(*parts))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"--x\r\n"),
        ("multipart/form-data; boundary=x", form(MODEL, SOUND)[1]),
        form(MODEL),
        form(SOUND),
        form(*[Part("prompt", b"x")] * 40, MODEL, SOUND),
    ],
    ids=[
        "json",
        "no boundary",
        "empty",
        "cut off",
        "another boundary",
        "no file",
        "no model",
        "40",
    ],
)
def test_what_is_no_form_with_a_file_is_told(content_type: str, body: bytes) -> None:
    with pytest.raises(RequestUnreadable):
        read_form(ENDPOINT, content_type, body)


@given(st.binary(max_size=400), st.text(st.characters(max_codepoint=255), max_size=40))
def test_whatever_arrives_is_read_or_refused(body: bytes, content_type: str) -> None:
    for kind in (content_type, "multipart/form-data; boundary=x"):
        with pytest.raises(Problem):
            read_form(ENDPOINT, kind, b"--x\r\n" + body)


@pytest.fixture
async def house() -> AsyncGenerator[House]:
    async def transcribe(request: Received, exchange: Exchange) -> None:
        asked = read_form(ENDPOINT, request.headers["content-type"], request.body)
        [sound] = [part.content for part in asked.form if part.name == "file"]
        told = {"text": f"{asked.model}: {len(sound)} bytes"}
        if any(part.name == "response_format" for part in asked.form):
            headers = {"content-type": "text/plain", "x-fumikura-used": '{"seconds": 3.5}'}
            await exchange.answer(200, headers, told["text"].encode())
            return
        body = json.dumps(told | {"usage": {"type": "duration", "seconds": 2.5}})
        await exchange.answer(200, {"content-type": "application/json"}, body.encode())

    async with serve_loopback(transcribe) as server:
        model = Model(
            id="whisper-1", task="transcription", runtime="transcription", replicas=[server]
        )
        async with gateway(model) as opened:
            yield opened


async def test_openais_client_sends_sound_and_the_seconds_are_counted(house: House) -> None:
    async with house.client() as client:
        answer = await client.audio.transcriptions.create(
            model="whisper-1", file=("私の録音.wav", b"RIFF" * 10), language="ja"
        )
    assert answer.text == "stand-in: 40 bytes"
    assert house.account.ended[0].used.audio_s == 2.5


async def test_of_an_answer_that_is_text_the_seconds_stand_in_its_head(house: House) -> None:
    async with house.client() as client:
        answer = await client.audio.transcriptions.create(
            model="whisper-1", file=("a.wav", b"RIFF"), response_format="text"
        )
    assert answer == "stand-in: 4 bytes"
    assert house.account.ended[0].used.audio_s == 3.5
