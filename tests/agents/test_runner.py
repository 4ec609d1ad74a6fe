import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import TypedDict

import pytest
from pydantic import BaseModel, ValidationError

from agents.definition import AgentDefinition
from agents.desk import Progress
from agents.graphs import CompiledGraph, Node, StreamWriter, compile_graph, tell
from agents.ports import AgentPorts
from agents.problems import AgentTimedOut
from agents.runner import run_agent
from agents.settings import AgentSettings


class _Word(BaseModel):
    word: str


class _Length(BaseModel):
    length: int


class _State(TypedDict):
    request: _Word
    answer: object


async def _count(state: _State, writer: StreamWriter) -> Mapping[str, object]:
    tell(writer, "counting", 0, 2)
    tell(writer, "counted", 2, 2)
    return {"answer": {"length": len(state["request"].word)}}


async def _dawdle(state: _State) -> Mapping[str, object]:
    await asyncio.sleep(60)
    return {"answer": state}


async def _fail(state: _State) -> Mapping[str, object]:
    raise TimeoutError(state["request"].word)


async def _say_nonsense(state: _State) -> Mapping[str, object]:
    return {"answer": {"length": state["request"].word}}


def _agent(node: Node) -> AgentDefinition[_Word, _Length]:
    def build(_: AgentPorts) -> CompiledGraph:
        return compile_graph(_State, {"only": node})

    return AgentDefinition(
        name="count_letters",
        title_en="Letters",
        title_ja="文字数",
        summary="Counts letters.",
        request=_Word,
        answer=_Length,
        example=_Word(word="試料"),
        build=build,
        render=str,
    )


def _ports(deadline_s: float = 30.0) -> AgentPorts:
    return AgentPorts(settings=AgentSettings(deadline_s=deadline_s), chat=None, ocr=None)


async def test_a_run_ends_with_the_answer_as_its_model() -> None:
    answer = await run_agent(_agent(_count), _Word(word="試料番号"), ports=_ports())
    assert answer == _Length(length=4)


async def test_progress_goes_out_in_order() -> None:
    told: list[Progress] = []

    async def report(progress: Progress) -> None:
        told.append(progress)

    await run_agent(_agent(_count), _Word(word="a"), ports=_ports(), report=report)
    assert told == [Progress("counting", 0, 2), Progress("counted", 2, 2)]


async def test_a_run_is_stopped_at_its_deadline() -> None:
    with pytest.raises(AgentTimedOut) as caught:
        await run_agent(_agent(_dawdle), _Word(word="a"), ports=_ports(deadline_s=0.05))
    assert "0.05 s" in caught.value.message


async def test_a_time_out_inside_the_agent_is_not_taken_for_the_deadline() -> None:
    with pytest.raises(TimeoutError, match="inner"):
        await run_agent(_agent(_fail), _Word(word="inner"), ports=_ports())


async def test_an_answer_that_does_not_fit_its_model_never_leaves() -> None:
    with pytest.raises(ValidationError):
        await run_agent(_agent(_say_nonsense), _Word(word="x"), ports=_ports())


ASKS_FOR_TRACING = {
    "LANGSMITH_TRACING": "true",
    "LANGCHAIN_TRACING_V2": "true",
    "LANGSMITH_API_KEY": "not-a-key",
}
RUN_AN_AGENT = """
import asyncio, os
from agents import graphs
from agents.ports import AgentPorts
from agents.registry import AGENTS
from agents.runner import run_agent
from agents.settings import AgentSettings
os.environ["LANGSMITH_TRACING"] = os.environ["ASK_AGAIN"]
definition = AGENTS["check_sample_quality"]
ports = AgentPorts(settings=AgentSettings(), chat=None, ocr=None)
print(asyncio.run(run_agent(definition, definition.example, ports=ports)).overall)
"""


@pytest.mark.parametrize("asked_again", ["false", "true"])
def test_no_run_is_traced_whatever_the_environment_asks_for(asked_again: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as collector:
        collector.settimeout(0)
        endpoint = {"LANGSMITH_ENDPOINT": f"http://127.0.0.1:{collector.getsockname()[1]}"}
        ran = subprocess.run(
            [sys.executable, "-c", RUN_AN_AGENT],
            timeout=60,  # a tracer waits for its collector; this one never answers
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, **ASKS_FOR_TRACING, **endpoint, "ASK_AGAIN": asked_again},
        )
        assert ran.stdout.strip() == "sufficient"
        with pytest.raises(BlockingIOError):
            collector.accept()
