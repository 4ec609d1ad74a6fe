"""One route for each agent, made from its definition."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import Body, Path, Request, Response
from pydantic import BaseModel, Field

from agents.definition import AgentDefinition
from agents.desk import Desk, Progress
from agents.registry import AGENTS, find_agent
from contracts.principal import Principal, Scope
from service.rest.context import Caller, Opened
from service.rest.events import Events, described, event, stream, wants_events
from service.rest.guard import guarded_router

router = guarded_router("agents")
_EVENTS: Final = "events: `progress` any number of times, then `answer`; or `error` with a problem."


class AgentSummary(BaseModel, frozen=True):
    """An agent, with all that is needed to call it."""

    name: str = Field(description="Call it with `POST /v1/agents/{name}`.")
    title_en: str
    title_ja: str
    summary: str = Field(description="When to use it, and when not.")
    scope: Scope = Field(description="What a key needs to run it.")
    request_schema: dict[str, Any] = Field(description="JSON schema of the request.")
    answer_schema: dict[str, Any] = Field(description="JSON schema of the answer.")
    example: dict[str, Any] = Field(description="A request that works.")


class AgentList(BaseModel, frozen=True):
    """Every agent."""

    agents: list[AgentSummary]


class AgentProgress(BaseModel, frozen=True):
    """How far a run is; `total` is null while unknown."""

    message: str
    done: float
    total: float | None


@router.get("/v1/agents")
async def list_agents() -> AgentList:
    """List the agents with their schemas."""
    return AgentList(agents=[_summary(definition) for definition in AGENTS.values()])


def _summary(definition: AgentDefinition[Any, Any]) -> AgentSummary:
    return AgentSummary(
        name=definition.name,
        title_en=definition.title_en,
        title_ja=definition.title_ja,
        summary=definition.summary,
        scope=definition.scope,
        request_schema=definition.request.model_json_schema(mode="validation"),
        answer_schema=definition.answer.model_json_schema(mode="serialization"),
        example=definition.example.model_dump(mode="json"),
    )


def _endpoint(definition: AgentDefinition[Any, Any]) -> Callable[..., Any]:
    """Return the agent's route function, typed with its request model for FastAPI to read."""

    async def run_agent(
        request: Request, asked: BaseModel, caller: Caller, opened: Opened
    ) -> BaseModel | Response:
        if wants_events(request):
            return await stream(request, _events(opened.desk, caller, definition.name, asked))
        return await opened.desk.run_agent(caller, definition.name, asked)

    example: Any = {
        "summary": definition.title_en,
        "value": definition.example.model_dump(mode="json"),
    }
    run_agent.__annotations__["asked"] = Annotated[
        definition.request, Body(openapi_examples={definition.name: example})
    ]
    return run_agent


for _definition in AGENTS.values():
    router.add_api_route(
        f"/v1/agents/{_definition.name}",
        _endpoint(_definition),
        methods=["POST"],
        name=f"run_{_definition.name}",
        summary=f"{_definition.title_en} / {_definition.title_ja}",
        description=_definition.summary,
        response_model=_definition.answer,
        responses=described(_EVENTS),
    )


@router.post("/v1/agents/{name}", include_in_schema=False)
async def run_unknown_agent(name: Annotated[str, Path()]) -> None:
    """Say which agents there are; each known one has a route of its own, before this."""
    find_agent(name)


async def _events(desk: Desk, caller: Principal, name: str, asked: BaseModel) -> Events:
    """Yield the agent's progress while it runs, then its answer; closing stops it."""
    news: asyncio.Queue[Progress | None] = asyncio.Queue()
    running = asyncio.create_task(desk.run_agent(caller, name, asked, report=news.put))
    running.add_done_callback(lambda _: news.put_nowait(None))
    try:
        while (progress := await news.get()) is not None:
            yield event(
                "progress",
                AgentProgress(message=progress.message, done=progress.done, total=progress.total),
            )
        yield event("answer", await running)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
