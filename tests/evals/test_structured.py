"""The evaluation of structured output, on a server that answers from scripts."""

import asyncio
import json

from click.testing import CliRunner, Result

from evals.structured.__main__ import main
from evals.structured.questions import QUESTIONS
from inference.structured.wanted import prepared, wanted_by
from tests.servers.openai import MODEL, openai_stand_in


def test_every_question_can_be_prepared_and_checked() -> None:
    assert len(QUESTIONS) == 6
    for question in QUESTIONS.values():
        assert wanted_by(question) is not None
        assert prepared(question, "vllm", is_second_try=True) != question


async def test_what_does_not_fit_is_counted_and_fails_the_run() -> None:
    async with openai_stand_in("no JSON at all") as server:
        ran = await _run(server.url)
    assert ran.exit_code == 1
    figures = json.loads(ran.stdout)["questions"]["texts with bounds"]
    assert figures["made true"]["fit"] == figures["as it is"]["fit"] == 0
    assert figures["made true"]["reasons"] == {"it is no JSON": 2}
    assert len(server.chats) == 6 * (2 + 2 * 2)


async def _run(url: str) -> Result:
    arguments = ["--url", url, "--model", MODEL, "--seeds", "2", "--json"]
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)
