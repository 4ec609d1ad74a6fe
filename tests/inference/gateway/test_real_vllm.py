"""The gateway in front of a real vLLM server: what OpenAI's client gets, and what is counted.

Needs an environment of its own (`make vllm`); the tests are skipped, loudly, where it is missing.
"""

import asyncio
import importlib.util
import json
import re
from collections.abc import AsyncGenerator, Iterator

import anthropic
import httpx2
import openai
import pytest
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, Field, SecretStr

from tests.inference.agreement import environment_python
from tests.inference.gateway.house import House, Model, gateway
from tests.inference.gateway.test_other_clients import PROGRAM, ran
from tests.inference.tiny_llama import CONTEXT, write_tiny_llama
from tests.inference.vllm_server import vllm_started, wait_for_vllm


class Verdict(BaseModel):
    """A judgement with bounds that random weights do not keep to by themselves."""

    title: str = Field(max_length=30)
    note: str = Field(min_length=2, max_length=60)
    level: int = Field(ge=1, le=5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    python = environment_python("FUMIKURA_VLLM_PYTHON", ".venv-vllm", "vllm")
    if importlib.util.find_spec("torch") is None:
        pytest.skip("REAL CHAT MODEL NOT TESTED: the extra `local` is not installed")
    model = write_tiny_llama(tmp_path_factory.mktemp("llama"))
    log = tmp_path_factory.mktemp("logs") / "chat"
    options = ["--max-model-len", str(CONTEXT), "--enable-prompt-tokens-details"]
    with vllm_started(python, model, options, log) as url:
        wait_for_vllm(url, log)
        yield url.removesuffix("/v1")


@pytest.fixture
async def house(server: str) -> AsyncGenerator[House]:
    async with gateway(Model(id="llama", replicas=[server], upstream_name="tiny")) as opened:
        yield opened


async def test_an_answer_and_its_tokens(house: House) -> None:
    async with house.client() as client:
        answer = await client.chat.completions.create(
            model="llama", messages=[{"role": "user", "content": "鋼とは"}], max_tokens=12, seed=3
        )
    assert answer.model == "llama"
    assert answer.usage is not None
    used = house.account.ended[0].used
    assert used.prompt_tokens == answer.usage.prompt_tokens > 0
    assert used.completion_tokens == answer.usage.completion_tokens <= 12


async def test_a_stream_says_what_the_whole_answer_does(house: House) -> None:
    async with house.client() as client:
        whole = await client.chat.completions.create(
            model="llama", messages=[{"role": "user", "content": "鋼とは"}], max_tokens=30, seed=3
        )
        stream = await client.chat.completions.create(
            model="llama",
            messages=[{"role": "user", "content": "鋼とは"}],
            max_tokens=30,
            seed=3,
            stream=True,
        )
        chunks = [chunk async for chunk in stream]
    assert all(chunk.usage is None for chunk in chunks)
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert said == whole.choices[0].message.content
    one, other = house.account.ended
    assert one.used.completion_tokens == other.used.completion_tokens


async def test_json_of_random_weights_fits_its_schema(house: House) -> None:
    async with house.client() as client:

        async def ask(seed: int) -> Verdict | None:
            answer = await client.chat.completions.parse(
                model="llama",
                messages=[{"role": "user", "content": "判定して"}],
                response_format=Verdict,
                max_tokens=1_500,
                seed=seed,
            )
            return answer.choices[0].message.parsed

        verdicts = await asyncio.gather(*map(ask, range(12)))
    assert all(isinstance(verdict, Verdict) for verdict in verdicts)


async def test_who_hangs_up_frees_the_engine_and_is_counted(house: House, server: str) -> None:
    async with house.client() as client:
        stream = await client.chat.completions.create(
            model="llama",
            messages=[{"role": "user", "content": "鋼とは"}],
            max_tokens=3_000,
            stream=True,
            extra_body={"ignore_eos": True},
        )
        seen = 0
        async for _ in stream:
            seen += 1
            if seen == 5:
                break
        await stream.close()
        [ended] = await house.account.all_ended()
        await _until_idle(server)
    assert ended.outcome == "left"
    assert 0 < ended.used.completion_tokens < 3_000
    assert ended.used.prompt_tokens > 0


async def _until_idle(server: str) -> None:
    """Return when the engine works on nothing; a test that waits for ever fails."""
    async with httpx2.AsyncClient(base_url=server, trust_env=False) as client, asyncio.timeout(30):
        while True:
            text = (await client.get("/metrics")).text
            if re.search(r"^vllm:num_requests_running{[^}]*} 0\.0$", text, re.MULTILINE):
                return
            await asyncio.sleep(0.05)


async def test_what_the_engine_refuses_is_told(house: House) -> None:
    async with house.client() as client:
        with pytest.raises(openai.BadRequestError, match="context length"):
            await client.chat.completions.create(
                model="llama", messages=[{"role": "user", "content": "鋼" * CONTEXT}]
            )
    assert house.account.ended[0].status == 400


async def test_texts_are_cut_into_tokens(house: House) -> None:
    async with house.http() as client:
        answer = await client.post("/tokenize", json={"model": "llama", "prompt": "鋼とは"})
    assert answer.json()["count"] == len(answer.json()["tokens"]) > 0


async def test_anthropics_client_is_answered_and_what_it_used_counted(house: House) -> None:
    asked: list[anthropic.types.MessageParam] = [{"role": "user", "content": "鋼とは"}]
    async with anthropic.AsyncAnthropic(base_url=house.url, api_key="yamada") as client:
        whole = await client.messages.create(model="llama", max_tokens=12, messages=asked)
        async with client.messages.stream(model="llama", max_tokens=12, messages=asked) as stream:
            streamed = await stream.get_final_message()
        counted = await client.messages.count_tokens(model="llama", messages=asked)
    first, second, _ = await house.account.all_ended()
    assert whole.model == streamed.model == "llama"
    assert first.used.prompt_tokens == second.used.prompt_tokens == counted.input_tokens > 0
    for answer, ended in ((whole, first), (streamed, second)):
        assert 0 < answer.usage.output_tokens == ended.used.completion_tokens <= 12


async def test_langchain_and_llamaindex_are_answered_whole_and_streamed(house: House) -> None:
    chat = ChatOpenAI(
        base_url=f"{house.url}/v1",
        api_key=SecretStr("yamada"),
        model="llama",
        max_completion_tokens=20,
    )
    assert (await chat.ainvoke("鋼とは")).content
    assert "".join([chunk.text async for chunk in chat.astream("鋼とは")])
    python = environment_python("FUMIKURA_LLAMAINDEX_PYTHON", ".venv-llamaindex", "llamaindex")
    status, told = await ran(python, PROGRAM, house.url, "llama")
    assert status == 0
    assert all(json.loads(told).values())
