"""Is the service alive, can it work, and how much does it do."""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Final, Literal

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from contracts.problems import Problem
from rag.access import whole_project
from service.rest.context import Opened, context_of
from service.rest.guard import guarded_router

router = guarded_router("service")
_DEADLINE_S: Final = 5.0
_NO_PROJECT: Final = "-"


class Alive(BaseModel, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel, frozen=True):
    """Whether requests can be served, and what is in the way."""

    status: Literal["ready", "not_ready"]
    checks: dict[str, Annotated[str, Field(description="`ok`, or what is wrong.")]] = Field(
        description="`database` and `store`."
    )


@router.get("/healthz")
async def get_health() -> Alive:
    """Answer as long as the process lives; nothing else is asked."""
    return Alive()


@router.get("/readyz", responses={503: {"model": Readiness, "description": "Not ready."}})
async def get_readiness(opened: Opened, response: Response) -> Readiness:
    """Ask the database and the store for something small."""
    checks = {
        "database": await _state(opened.records.projects.find(_NO_PROJECT)),
        "store": await _state(opened.store.count(access=whole_project(_NO_PROJECT))),
    }
    if set(checks.values()) == {"ok"}:
        return Readiness(status="ready", checks=checks)
    response.status_code = 503
    return Readiness(status="not_ready", checks=checks)


@router.get("/metrics", response_class=Response)
async def get_metrics(request: Request, opened: Opened) -> Response:
    """Return the numbers for Prometheus."""
    text = context_of(request).metrics.render(jobs=await opened.records.jobs.count_by_status())
    return Response(text, media_type=CONTENT_TYPE_LATEST)


async def _state(question: Awaitable[object]) -> str:
    """Return `ok` when the question is answered, else what is wrong, without any content."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            await question
    except Problem as problem:
        return problem.message
    except TimeoutError:
        return f"no answer within {_DEADLINE_S:g} s"
    return "ok"
