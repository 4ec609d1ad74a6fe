"""`/v1/audio/transcriptions` with a tiny random Whisper."""

import json
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.inference.model_server.conftest import serve
from tests.inference.model_server.made import tone

_PATH = "/v1/audio/transcriptions"
_ONE_TRY = {"temperature": "0.2"}  # random weights are improbable whatever is tried


@pytest.fixture
async def client(tiny_whisper: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    arguments = ("--task", "transcription", "--folder", str(tiny_whisper), "--most-seconds", "5")
    async with serve(*arguments, "--device", "cpu") as opened:
        yield opened


async def _ask(
    client: httpx2.AsyncClient, sound: bytes, **fields: str | list[str]
) -> httpx2.Response:
    asked: dict[str, Any] = {"model": "tiny", "language": "en", **_ONE_TRY, **fields}
    return await client.post(_PATH, data=asked, files={"file": ("talk.wav", sound)})


async def test_a_transcript_tells_how_many_seconds_were_heard(client: httpx2.AsyncClient) -> None:
    answer = await _ask(client, tone(1.5))
    assert answer.status_code == 200
    assert answer.json()["usage"] == {"type": "duration", "seconds": 1.5}
    assert isinstance(answer.json()["text"], str)


async def test_openais_client_gets_segments_and_words(client: httpx2.AsyncClient) -> None:
    async with openai.AsyncOpenAI(base_url=f"{client.base_url}/v1", api_key="none") as asking:
        told = await asking.audio.transcriptions.create(
            model="tiny",
            file=("talk.wav", tone(1)),
            language="en",
            temperature=0.2,
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
    assert told.language == "en"
    assert told.duration == 1.0
    assert told.segments
    assert told.words is not None
    assert all(segment.start <= segment.end for segment in told.segments)


async def test_subtitles_have_their_forms(client: httpx2.AsyncClient) -> None:
    srt = (await _ask(client, tone(1), response_format="srt")).text
    vtt = (await _ask(client, tone(1), response_format="vtt")).text
    assert re.match(r"1\n\d\d:\d\d:\d\d,\d{3} --> \d\d:\d\d:\d\d,\d{3}\n", srt)
    assert re.match(r"WEBVTT\n\n\d\d:\d\d:\d\d\.\d{3} --> ", vtt)


async def test_text_is_plain(client: httpx2.AsyncClient) -> None:
    answer = await _ask(client, tone(1), response_format="text")
    assert answer.headers["content-type"].startswith("text/plain")
    assert json.loads(answer.headers["x-fumikura-used"])["seconds"] == 1.0


async def test_stereo_at_another_rate_is_as_long(client: httpx2.AsyncClient) -> None:
    answer = await _ask(client, tone(1, rate=44_100, channels=2))
    assert answer.json()["usage"]["seconds"] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("sound", "fields", "code"),
    [
        (b"no sound", {}, "sound_unreadable"),
        (b"", {}, "sound_unreadable"),
        (tone(6), {}, "sound_unreadable"),
        (tone(1), {"language": "klingon"}, "field_refused"),
        (tone(1), {"response_format": "xml"}, "request_unreadable"),
        (tone(1), {"temperature": "2"}, "request_unreadable"),
        (tone(1), {"timestamp_granularities[]": ["letter"]}, "request_unreadable"),
    ],
)
async def test_what_cannot_be_heard_says_why(
    client: httpx2.AsyncClient, sound: bytes, fields: dict[str, str | list[str]], code: str
) -> None:
    answer = await _ask(client, sound, **fields)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_a_play_list_opens_no_other_file(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(tone(1))
    listed = (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{tmp_path}/secret.wav\n#EXT-X-ENDLIST\n"
    )
    answer = await _ask(client, listed.encode())
    assert answer.json()["error"]["code"] == "sound_unreadable"


async def test_a_form_without_sound_is_told(client: httpx2.AsyncClient) -> None:
    answer = await client.post(_PATH, data={"model": "tiny"}, files={"other": b"x"})
    assert "has no `file`" in answer.json()["error"]["message"]
