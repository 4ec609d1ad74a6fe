"""Every agent of the registry over REST; nothing here is about one agent."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

from agents.definition import AgentDefinition
from agents.desk import Progress, ReportProgress
from agents.local_desk import LocalDesk
from agents.registry import AGENTS
from contracts.principal import Principal
from service.rest.app import create_app
from tests.servers.asgi import serving
from tests.service.rest.world import LOCAL_TOKEN, World, events_in

EVENTS = {"accept": "text/event-stream"}
DEFINITIONS = pytest.mark.parametrize("definition", AGENTS.values(), ids=AGENTS)


async def test_agents_are_listed_with_all_that_is_needed_to_call_them(
    operator: httpx2.AsyncClient,
) -> None:
    listed = (await operator.get("/v1/agents")).json()["agents"]
    assert [each["name"] for each in listed] == list(AGENTS)
    for each in listed:
        definition = AGENTS[each["name"]]
        assert each["request_schema"]["properties"].keys() == definition.request.model_fields.keys()
        assert each["answer_schema"]["properties"].keys() == definition.answer.model_fields.keys()
        assert definition.request.model_validate(each["example"]) == definition.example


@DEFINITIONS
async def test_an_agent_answers_its_own_example(
    operator: httpx2.AsyncClient, definition: AgentDefinition[Any, Any]
) -> None:
    example = definition.example.model_dump(mode="json")
    answer = await operator.post(f"/v1/agents/{definition.name}", json=example)
    assert answer.status_code == 200
    definition.answer.model_validate_json(answer.content)


@DEFINITIONS
async def test_an_agent_tells_how_far_it_is(
    operator: httpx2.AsyncClient, definition: AgentDefinition[Any, Any]
) -> None:
    example = definition.example.model_dump(mode="json")
    streamed = await operator.post(f"/v1/agents/{definition.name}", json=example, headers=EVENTS)
    *progress, (last, answer) = events_in(streamed.text)
    assert {name for name, _ in progress} == {"progress"}
    assert progress[0][1].keys() == {"message", "done", "total"}
    assert last == "answer"
    definition.answer.model_validate(answer)


@DEFINITIONS
async def test_a_request_that_does_not_fit_is_refused(
    operator: httpx2.AsyncClient, definition: AgentDefinition[Any, Any]
) -> None:
    answer = await operator.post(f"/v1/agents/{definition.name}", json={}, headers=EVENTS)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_misspelt_agent_is_told_the_nearest(operator: httpx2.AsyncClient) -> None:
    name = next(iter(AGENTS))
    answer = await operator.post(f"/v1/agents/{name[:-1]}", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "agent_unknown")
    assert name in answer.json()["hint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _PatientDesk(LocalDesk):
    """Agents tell that they began, and run until they are stopped."""

    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run_agent(
        self,
        principal: Principal,
        name: str,
        request: BaseModel,
        report: ReportProgress | None = None,
    ) -> BaseModel:
        try:
            assert report is not None
            await report(Progress(f"{principal.id} {name}", 0, None))
            await asyncio.Event().wait()
        finally:
            self.stopped.set()
        return request


async def test_an_agent_is_stopped_when_its_client_hangs_up(world: World) -> None:
    opened = world.resources
    desk = _PatientDesk(
        library=opened.desk.library, ports=opened.desk.ports, sources=opened.sources_seen
    )
    app = create_app(replace(opened, desk=desk), local_token=LOCAL_TOKEN)
    definition = next(iter(AGENTS.values()))
    headers = {"authorization": f"Bearer {LOCAL_TOKEN}", **EVENTS}
    asked = definition.example.model_dump(mode="json")
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, headers=headers) as client:
        path = f"/v1/agents/{definition.name}"
        async with client.stream("POST", path, json=asked) as response:
            await anext(response.aiter_lines())
        assert await asyncio.wait_for(desk.stopped.wait(), timeout=10)
