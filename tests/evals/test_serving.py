"""The evaluation of what users get of a model server, on one that answers from scripts."""

import asyncio
import importlib
import importlib.util
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from evals.serving.__main__ import main
from evals.serving.load import Answered, AnswerFailed, summed_up
from evals.serving.shapes import SHAPES, write_shape
from tests.servers.loopback import Exchange, Received, serve_loopback

PIECE = b'data: {"choices": [{"text": "a"}]}\n\n'
END = b'data: {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}\n\n'
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def received() -> list[Received]:
    return []


@pytest.fixture
async def url(received: list[Received]) -> AsyncGenerator[str]:
    async def answer(request: Received, exchange: Exchange) -> None:
        received.append(request)
        await exchange.start(200, {"content-type": "text/event-stream"})
        whole = [PIECE, PIECE, PIECE, END, DONE]
        is_cut = "cut" in request.headers.get("authorization", "")
        for event in whole[: 2 if is_cut else 5]:
            await exchange.send(event)
        await exchange.finish()

    async with serve_loopback(answer) as opened:
        yield f"{opened}/v1"


async def _ran(url: str, *options: str) -> Result:
    arguments = ["--url", url, "--model", "m", "--at-once", "2", *options]
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)


async def test_the_server_and_the_gateway_before_it_are_asked_the_same(
    url: str, received: list[Received]
) -> None:
    ran = await _ran(
        url, "--gateway", url, "--key", "k", "--gateway-model", "here", "--load", "single question"
    )
    assert ran.exit_code == 0, ran.output
    assert "ratio" in ran.stdout
    asked = [request.json for request in received]
    assert [each["model"] for each in asked] == ["m"] * 8 + ["here"] * 8
    assert sorted(each["prompt"] for each in asked[:8]) == sorted(
        each["prompt"] for each in asked[8:]
    )
    assert len({each["prompt"] for each in asked}) == 8
    assert {len(each["prompt"]) for each in asked} == {100}


async def test_figures_are_printed_for_programs_too(url: str) -> None:
    ran = await _ran(url, "--load", "paper summary", "--json")
    figures = json.loads(ran.stdout)["served"]["paper summary"]["2"]["straight"]
    assert figures["failed"] == 0
    assert figures["tokens_per_s"] == pytest.approx(figures["written_per_s"] * 10 / 3)


async def test_an_answer_that_breaks_off_counts_as_failed(url: str) -> None:
    ran = await _ran(url, "--gateway", url, "--key", "cut", "--load", "single question")
    assert isinstance(ran.exception, AnswerFailed)


def test_answers_are_summed_up() -> None:
    answers = [
        Answered(first_s=1.0, whole_s=3.0, prompt_tokens=10, completion_tokens=5),
        Answered(first_s=2.0, whole_s=6.0, prompt_tokens=10, completion_tokens=5),
    ]
    told = summed_up(answers, 10.0, failed=1)
    assert (told.tokens_per_s, told.written_per_s) == (3.0, 1.0)
    assert (told.first_s, told.whole_s, told.inter_token_s) == (1.5, 4.5, 0.75)
    assert told.failed == 1


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_shape_has_a_token_for_each_number_and_one_for_each_byte(
    name: str, tmp_path: Path
) -> None:
    if importlib.util.find_spec("transformers") is None:
        pytest.skip("SHAPES NOT WRITTEN: the extra `local` is not installed")
    transformers: Any = importlib.import_module("transformers")
    folder = write_shape(SHAPES[name], tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert len(tokenizer) == SHAPES[name]["vocab_size"]
    assert len(tokenizer("鋼 abc")["input_ids"]) == 7
    assert tokenizer.decode([len(tokenizer) - 1])
    config = transformers.AutoConfig.from_pretrained(folder)
    assert config.num_hidden_layers == SHAPES[name]["num_hidden_layers"]
