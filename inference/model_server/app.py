"""The model server as an ASGI application."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import PurePath
from traceback import extract_tb
from typing import Any, Final

import msgspec

from contracts.problems import Problem
from inference.gateway.errors import STATUS, error_body, error_headers
from inference.gateway.problems import ModelUnknown, RouteUnknown
from inference.gateway.usage import USED_HEADER
from inference.model_server.counts import Counts
from inference.model_server.posted import HungUp, Posted, Receive, read_posted
from inference.model_server.problems import ModelServerBroke, ServerLoading
from inference.model_server.service import Answer, Service, as_json
from inference.model_server.turns import Turns

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MOST_BODY_BYTES: Final = 100 * 2**20
_LOADING_S: Final = 5.0
_METRICS: Final = b"text/plain; version=0.0.4; charset=utf-8"
_LOG: Final = logging.getLogger(__name__)


@dataclass(kw_only=True)
class ModelServer:
    """One model; ready once `load` has returned."""

    model: str
    service: Service
    turns: Turns
    most_bytes: int = MOST_BODY_BYTES
    counts: Counts = field(default_factory=Counts)
    is_ready: bool = False

    async def load(self) -> None:
        """Load the model.

        Raises:
            Problem: it cannot be loaded.
        """
        await self.service.load()
        self.is_ready = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the model server does not speak {scope['type']}")
        if scope["method"] == "GET":
            await self._get(scope["path"], send)
            return
        began = time.monotonic()
        try:
            status = await self._post(scope, receive, send)
        except HungUp:
            return
        self.counts.answered(status, time.monotonic() - began)

    async def _get(self, path: str, send: Send) -> None:
        if path == "/health":
            status, headers = (200, []) if self.is_ready else (503, [(b"retry-after", b"5")])
            await _send(send, status, headers, b"")
        elif path == "/v1/models":
            model = {"id": self.model, "object": "model", "created": 0, "owned_by": "fumikura"}
            await _answer(send, as_json({"object": "list", "data": [model]}))
        elif path == "/metrics":
            await _answer(send, Answer(self.counts.text(self.turns.here), _METRICS))
        else:
            await _tell(send, RouteUnknown())

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer, and return with which status."""
        try:
            answer = await self._worked_out(scope, receive)
        except Problem as problem:
            await _tell(send, problem)
            return STATUS[problem.kind]
        except HungUp:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
            _LOG.error("%s at %s", type(error).__name__, _place(error))
            await _tell(send, ModelServerBroke())
            return 503
        await _answer(send, answer)
        return 200

    async def _worked_out(self, scope: Scope, receive: Receive) -> Answer:
        route = self.service.routes().get(scope["path"])
        if scope["method"] != "POST" or route is None:
            raise RouteUnknown
        if not self.is_ready:
            raise ServerLoading(retry_after_s=_LOADING_S)
        posted = await read_posted(dict(scope["headers"]), receive, most_bytes=self.most_bytes)
        if posted.fields.get("model") != self.model:
            raise ModelUnknown(near=[self.model])
        return await _while_there(self._in_turn(route, posted), receive)

    async def _in_turn(
        self, route: Callable[[Posted], Awaitable[Answer]], posted: Posted
    ) -> Answer:
        async with self.turns.turn():
            return await route(posted)


async def _while_there(work: Awaitable[Answer], receive: Receive) -> Answer:
    """Return what comes of work, which is ended where the caller hangs up.

    Raises:
        HungUp: the caller did.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_hung_up(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise HungUp
        return working.result()
    finally:
        leaving.cancel()
        working.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, answer: Answer) -> None:
    headers = [(b"content-type", answer.content_type)]
    if answer.used is not None:
        headers.append((USED_HEADER, msgspec.json.encode(answer.used)))
    await _send(send, 200, headers, answer.body)


async def _tell(send: Send, problem: Problem) -> None:
    await _send(send, STATUS[problem.kind], error_headers(problem), error_body(problem))


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def _place(error: Exception) -> str:
    """Return where it rose, which tells nothing of what was read."""
    frames = extract_tb(error.__traceback__)
    return " < ".join(f"{PurePath(each.filename).name}:{each.lineno}" for each in frames[:-6:-1])
