"""A real llama.cpp server, started as a runtime, with the gateway in front of it.

Needs an environment of its own (`make llama`); the tests are skipped, loudly, where it is missing.
"""

import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from openai.types.chat import ChatCompletionUserMessageParam
from pydantic import BaseModel, Field

from inference.runtimes.command import Programs
from inference.runtimes.process import Options, running
from inference.runtimes.to_serve import ToServe
from tests.inference.agreement import environment_python
from tests.inference.gateway.house import House, Model, gateway
from tests.inference.runtimes.left_behind import all_gone

ASKED: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "鋼とは何ですか"}]


class Verdict(BaseModel):
    """With bounds that llama.cpp's grammars do not keep."""

    title: str = Field(min_length=1, max_length=20)
    level: int = Field(ge=1, le=5)


@pytest.fixture
def python() -> Path:
    return environment_python("FUMIKURA_LLAMA_PYTHON", ".venv-llama", "llama")


@pytest.fixture
def file(python: Path, tmp_path: Path) -> Path:
    writes = Path(__file__).with_name("write_tiny_gguf.py")
    subprocess.run([python, writes, tmp_path / "tiny.gguf"], check=True)
    return tmp_path / "tiny.gguf"


@pytest.fixture
async def house(python: Path, file: Path, tmp_path: Path) -> AsyncGenerator[House]:
    served = ToServe(
        id="tiny", served_name="tiny", runtime="llama-cpp", task="chat", weights=file, context=1_024
    )
    options = Options(
        log_folder=tmp_path / "logs", programs=Programs(llama_python=python), ready_s=60, grace_s=5
    )
    async with running(served, options) as server:
        model = Model(id="tiny", upstream_name="tiny", runtime="llama-cpp", replicas=[server.url])
        async with gateway(model) as opened:
            yield opened
    await all_gone([server.pid])


async def test_openais_client_is_answered_and_what_it_used_counted(house: House) -> None:
    async with house.client() as client:
        answer = await client.chat.completions.create(model="tiny", messages=ASKED, max_tokens=8)
    assert answer.usage is not None
    [ended] = house.account.ended
    assert ended.used.prompt_tokens == answer.usage.prompt_tokens > 0
    assert ended.used.completion_tokens == answer.usage.completion_tokens > 0


async def test_a_stream_comes_in_pieces(house: House) -> None:
    async with house.client() as client:
        stream = await client.chat.completions.create(
            model="tiny", messages=ASKED, max_tokens=8, stream=True
        )
        chunks = [chunk async for chunk in stream]
    assert len(chunks) > 2
    assert [ended.outcome for ended in await house.account.all_ended()] == ["ok"]


async def test_json_fits_its_schema_with_whatever_weights(house: House) -> None:
    async with house.client() as client:
        for seed in range(5):
            answer = await client.chat.completions.parse(
                model="tiny", messages=ASKED, response_format=Verdict, seed=seed, max_tokens=400
            )
            assert answer.choices[0].message.parsed is not None
