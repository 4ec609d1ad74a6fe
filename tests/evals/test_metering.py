"""The comparison of records with the engine's counters, on a server that counts as vLLM does."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from click.testing import CliRunner, Result

from evals.metering.__main__ import main
from tests.servers.loopback import Exchange, Received, serve_loopback


@dataclass
class _Engine:
    """Answers 5 tokens to 7, and may count one too many."""

    prompt: int = 0
    completion: int = 0
    error: int = 0

    async def handle(self, request: Received, exchange: Exchange) -> None:
        if request.path == "/metrics":
            text = (
                f'vllm:prompt_tokens_total{{model_name="m"}} {self.prompt}.0\n'
                f'vllm:generation_tokens_total{{model_name="m"}} {self.completion + self.error}.0\n'
            )
            await exchange.answer(200, {}, text.encode())
            self.error *= 2
            return
        self.prompt += 7
        self.completion += 5
        usage = {"prompt_tokens": 7, "completion_tokens": 5}
        if not request.json["stream"]:
            body = json.dumps({"choices": [], "usage": usage}).encode()
            await exchange.answer(200, {"content-type": "application/json"}, body)
            return
        await exchange.start(200, {"content-type": "text/event-stream"})
        chunk = {"choices": [{"index": 0, "delta": {"content": "x"}}], "usage": usage}
        await exchange.send(b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n")
        await exchange.finish()


@asynccontextmanager
async def _engine(error: int = 0) -> AsyncGenerator[str]:
    async with serve_loopback(_Engine(error=error).handle) as url:
        yield url


async def _run(url: str) -> Result:
    arguments = ["--url", url, "--model", "m", "--calls", "8", "--json"]
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)


async def test_equal_sums_pass() -> None:
    async with _engine() as url:
        ran = await _run(url)
    assert ran.exit_code == 0
    figures = json.loads(ran.stdout)
    assert figures["engine"] == figures["recorded"] == {"prompt": 56, "completion": 40}


@pytest.mark.parametrize("error", [1])
async def test_a_difference_fails_the_run(error: int) -> None:
    async with _engine(error) as url:
        ran = await _run(url)
    assert ran.exit_code == 1
