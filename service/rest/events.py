"""Server-sent events: results while they come, and a problem as the last event."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from fastapi import Request
from pydantic import BaseModel
from sse_starlette import EventSourceResponse, ServerSentEvent

from contracts.problems import Problem
from service.rest.asgi import request_id
from service.rest.bugs import note_bug
from service.rest.problems import InternalError

MEDIA_TYPE: Final = "text/event-stream"
KEEP_ALIVE_S: Final = 15
Events = AsyncGenerator[ServerSentEvent]

# At debug level it would log every event, with the content of files.
logging.getLogger("sse_starlette").setLevel(logging.INFO)


def wants_events(request: Request) -> bool:
    """Tell whether the client asked for events instead of one JSON answer."""
    return MEDIA_TYPE in request.headers.get("accept", "")


def event(name: str, body: BaseModel) -> ServerSentEvent:
    """Return one event with a model as its data."""
    return ServerSentEvent(body.model_dump_json(), event=name)


async def stream(request: Request, events: Events) -> EventSourceResponse:
    """Answer with the events; comments in between keep the connection open.

    What is raised before the first event is raised here, and becomes an answer with its status.
    Later it becomes an event `error` with the problem, the last one.
    """
    first = await anext(events)
    return EventSourceResponse(_safely(request, first, events), ping=KEEP_ALIVE_S)


def described(events: str) -> dict[int | str, dict[str, Any]]:
    """Return how a route that can answer with events shows that in OpenAPI."""
    return {
        200: {
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
            "description": f"JSON; with `Accept: {MEDIA_TYPE}` {events}",
        }
    }


async def _safely(request: Request, first: ServerSentEvent, events: Events) -> Events:
    async with aclosing(events):
        try:
            yield first
            async for following in events:
                yield following
        except Problem as problem:
            yield event("error", problem.body())
        except Exception as error:  # noqa: BLE001 - the client must learn that there is no more
            note_bug(request.scope, error)
            yield event("error", InternalError(request_id(request.scope)).body())
