"""Run an agent's graph: progress out while it works, a validated answer at the end."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from agents.definition import AgentDefinition, AnswerT, RequestT
from agents.desk import Progress, ReportProgress
from agents.ports import AgentPorts
from agents.problems import AgentTimedOut


async def run_agent(
    definition: AgentDefinition[RequestT, AnswerT],
    request: RequestT,
    *,
    ports: AgentPorts,
    report: ReportProgress | None = None,
) -> AnswerT:
    """Run the agent on one request and return its answer, checked against the answer model.

    Raises:
        AgentTimedOut: the run took longer than `settings.deadline_s`.
        Problem: whatever the agent itself cannot do (no OCR engine, a model that is down, …).
    """
    # LangGraph takes most of a second to load: only a run pays for it.
    from agents.graphs import untraced  # noqa: PLC0415 - see the line above

    deadline_s = ports.settings.deadline_s
    deadline = asyncio.timeout(deadline_s)
    try:
        with untraced():
            async with deadline:
                state = await _last_state(definition, request, ports, report)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise AgentTimedOut(definition.name, deadline_s=deadline_s) from error
    return definition.answer.model_validate(state["answer"])


async def _last_state(
    definition: AgentDefinition[RequestT, AnswerT],
    request: RequestT,
    ports: AgentPorts,
    report: ReportProgress | None,
) -> Mapping[str, Any]:
    graph = definition.build(ports)
    state: Mapping[str, Any] = {}
    events = graph.astream({"request": request}, stream_mode=["custom", "values"])
    async with aclosing(events):
        async for mode, event in events:
            if mode == "values":
                state = event
            elif report is not None:
                await report(Progress(**event))
    return state
