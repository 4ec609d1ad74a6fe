"""Calls of models, handed to the gateway as they come."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from inference.gateway import exchange
from inference.gateway.app import Out, answer
from inference.gateway.endpoints import ENDPOINTS, MESSAGES, Endpoint
from inference.gateway.handling import Handler
from inference.gateway.ports import Call, Ended
from inference.gateway.problems import ModelUnknown
from inference.prices import Used
from service.callers import KeyCaller
from service.rest.asgi import request_id
from service.rest.auth import authorization_in
from service.rest.context import context_of
from service.rest.guard import guarded_router
from service.rest.openai_errors import OpenAIErrorBody

HERE_TOO: Final = "/v1/embeddings"
"""The index's own model answers there as well: `service.rest.openai_api`."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What the description of the API says of a path."""

    name: str
    summary: str
    example: Mapping[str, object]


_QUESTION: Final = [{"role": "user", "content": "溶体化処理とは何ですか。"}]
_TOLD: Final[Mapping[str, _Told]] = {
    "/v1/chat/completions": _Told(
        "create_chat_completion",
        "Let a chat model write the next message, whole or as a stream.",
        {"model": "gpt-oss-20b", "messages": _QUESTION, "stream": True},
    ),
    "/v1/completions": _Told(
        "create_completion",
        "Let a chat model write on.",
        {"model": "gpt-oss-20b", "prompt": "溶体化処理とは", "max_tokens": 100},
    ),
    "/v1/responses": _Told(
        "create_response",
        "Let a chat model answer, where its server has this form.",
        {"model": "gpt-oss-20b", "input": "溶体化処理とは何ですか。"},
    ),
    MESSAGES: _Told(
        "create_message",
        "Let a chat model write the next message, in Anthropic's form, where its server has it.",
        {"model": "gpt-oss-20b", "messages": _QUESTION, "max_tokens": 200},
    ),
    f"{MESSAGES}/count_tokens": _Told(
        "count_message_tokens",
        "Count the tokens of messages, in Anthropic's form.",
        {"model": "gpt-oss-20b", "messages": _QUESTION},
    ),
    "/v1/rerank": _Told(
        "rerank",
        "Order documents by how well they answer a query.",
        {"model": "bge-reranker-v2-m3", "query": "aging", "documents": ["時効処理", "casting"]},
    ),
    "/v1/ocr": _Told(
        "read_page",
        "Read the text of a picture or a page.",
        {"model": "tesseract", "image": "data:image/png;base64,iVBORw0KGgo=", "language": "san"},
    ),
    "/v1/audio/transcriptions": _Told(
        "create_transcription",
        "Write down what is said.",
        {"model": "whisper-1", "file": "(the sound)", "language": "ja"},
    ),
    "/tokenize": _Told(
        "tokenize",
        "Cut a text into the tokens of a model.",
        {"model": "gpt-oss-20b", "prompt": "溶体化処理"},
    ),
}

router = guarded_router(
    "OpenAI-compatible",
    problem={"default": {"model": OpenAIErrorBody, "description": "An error as OpenAI sends it."}},
)


class Handed(Response):
    """An answer that the gateway writes."""

    def __init__(self, handler: Handler, request: exchange.Request) -> None:
        """Take what is to be answered, and by whom."""
        super().__init__()
        self._handler = handler
        self._request = request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - of ASGI
        """Answer."""
        await answer(self._handler, self._request, Out(send))


async def handed(request: Request) -> Handed:
    """Return what the gateway will answer to a request.

    Raises:
        ModelUnknown: this service has no gateway.
    """
    context = context_of(request)
    if context.models is None:
        raise ModelUnknown(near=[context.resources.embedder.model])
    return Handed(
        context.models.handler,
        exchange.Request(
            method=request.method,
            path=request.url.path,
            headers=dict(request.headers.raw),
            body=await request.body(),
            id=request_id(request.scope),
        ),
    )


async def caller_of(request: Request) -> KeyCaller:
    """Return who asks, as the gateway knows them.

    Raises:
        KeyInvalid: the key is valid no longer.
    """
    return await context_of(request).callers.caller(authorization_in(request.headers))


@asynccontextmanager
async def counted_here(
    request: Request, caller: KeyCaller, *, model: str, tokens: int
) -> AsyncGenerator[None]:
    """Limit and record a call that this process answers; without a gateway nothing is counted.

    Raises:
        LimitReached: the key or its person may use no more.
    """
    behind = context_of(request).models
    if behind is None:
        yield
        return
    used = Used(prompt_tokens=tokens)
    call = Call(
        request_id=request_id(request.scope),
        endpoint=HERE_TOO,
        model=model,
        asked_model=model,
        most=used,
    )
    admitted = await behind.handler.meter.admit(caller, call)
    began = perf_counter()
    ended = Ended(used=Used(), outcome="failed", status=503, seconds=0.0, model=model)
    try:
        yield
        ended = replace(ended, used=used, outcome="ok", status=200)
    except asyncio.CancelledError:
        ended = replace(ended, outcome="left", status=499)
        raise
    finally:
        admitted.end(replace(ended, seconds=perf_counter() - began))


def _add(endpoint: Endpoint) -> None:
    told = _TOLD[endpoint.path]
    router.add_api_route(
        endpoint.path,
        handed,
        methods=["POST"],
        name=told.name,
        summary=told.summary,
        response_model=None,
        openapi_extra={"requestBody": _body(endpoint, told)},
    )


def _body(endpoint: Endpoint, told: _Told) -> dict[str, Any]:
    """Describe a body: what the fields hold, OpenAI documents, or the model's server."""
    properties: dict[str, Any] = {name: {} for name in sorted(endpoint.handed_on)}
    if endpoint.is_form:
        properties["file"] = {"type": "string", "format": "binary"}
    schema = {
        "type": "object",
        "required": ["model"],
        "properties": {"model": {"type": "string"}, **properties},
    }
    examples = {"example": {"value": told.example}}
    kind = "multipart/form-data" if endpoint.is_form else "application/json"
    return {"required": True, "content": {kind: {"schema": schema, "examples": examples}}}


for _endpoint in ENDPOINTS.values():
    if _endpoint.path != HERE_TOO:
        _add(_endpoint)
