"""Clients that are no part of our environment: curl, and LlamaIndex in one of its own."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.inference.agreement import environment_python
from tests.inference.gateway.house import House, Model, gateway
from tests.servers.openai import openai_stand_in

SAID = "これは文庫です。"
ASKED = {"model": "qwen", "messages": [{"role": "user", "content": "何ですか"}]}
CHAT = "/v1/chat/completions"
PROGRAM = Path(__file__).with_name("llamaindex_program.py")


@pytest.fixture
async def house() -> AsyncGenerator[House]:
    async with (
        openai_stand_in(SAID) as server,
        gateway(Model(replicas=[server.url.removesuffix("/v1")])) as opened,
    ):
        yield opened


async def ran(*command: str | Path) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def curl(house: House, *options: str, key: str = "yamada") -> tuple[int, str]:
    program = shutil.which("curl")
    if program is None:
        pytest.skip("CURL NOT TESTED: apt install curl")
    authorization = f"Authorization: Bearer {key}"
    return await ran(
        *(program, "--silent", "--fail-with-body", "--noproxy", "*", "-H", authorization),
        *("-H", "Content-Type: application/json", *options, f"{house.url}{CHAT}"),
    )


async def test_curl_is_answered(house: House) -> None:
    status, told = await curl(house, "--data", json.dumps(ASKED))
    assert status == 0
    assert json.loads(told)["choices"][0]["message"]["content"] == SAID


async def test_curl_reads_a_stream_to_its_end(house: House) -> None:
    status, told = await curl(house, "--no-buffer", "--data", json.dumps({**ASKED, "stream": True}))
    assert status == 0
    *events, last = told.strip().split("\n\n")
    assert last == "data: [DONE]"
    pieces = [json.loads(event.removeprefix("data: "))["choices"] for event in events]
    assert "".join(choice[0]["delta"].get("content", "") for choice in pieces) == SAID


async def test_curl_sends_a_body_in_chunks_after_asking_whether_it_may(house: House) -> None:
    chunked = ("-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue")
    status, told = await curl(house, *chunked, "--data", json.dumps(ASKED))
    assert (status, SAID in told) == (0, True)


async def test_curl_shows_what_is_wrong_and_ends_with_an_error(house: House) -> None:
    status, told = await curl(house, "--data", json.dumps(ASKED), key="wrong")
    assert status == 22
    assert json.loads(told)["error"]["code"] == "key_invalid"


async def test_llamaindex_asks_whole_and_streamed(house: House) -> None:
    python = environment_python("FUMIKURA_LLAMAINDEX_PYTHON", ".venv-llamaindex", "llamaindex")
    status, told = await ran(python, PROGRAM, house.url, "qwen")
    assert status == 0
    assert json.loads(told) == dict.fromkeys(("chat", "complete", "stream", "async"), SAID)
