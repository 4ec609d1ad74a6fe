"""The gateway as an ASGI application: OpenAI's paths in front of the models of this place."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from contracts.problems import Problem
from inference.gateway.errors import STATUS, error_body, error_event, error_headers
from inference.gateway.exchange import (
    MOST_BODY_BYTES,
    Answering,
    Answers,
    Headers,
    Request,
    is_for_the_known,
)
from inference.gateway.problems import BodyOverLimit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9-]{8,64}")
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Out:
    """Implements `inference.gateway.exchange.Answering`."""

    send: Send
    request_id: str | None = None
    """To be told in the answer; None: somebody else tells it."""
    is_begun: bool = False

    async def start(self, status: int, headers: Headers) -> None:
        self.is_begun = True
        if self.request_id is not None:
            headers = [*headers, (b"x-request-id", self.request_id.encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def write(self, data: bytes) -> None:
        await self.send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes) -> None:
        await self.send({"type": "http.response.body", "body": data})


async def answer(answers: Answers, request: Request, out: Answering) -> None:
    """Answer a request, if only with what is wrong with it."""
    try:
        await answers.answer(request, out)
    except Problem as problem:
        await tell(problem, out, request.path)


class _Left(Exception):
    """The caller hung up while the body was read."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Answers every request, and stops working for callers that are gone."""

    answers: Answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the gateway does not speak {scope['type']}")
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _REQUEST_ID.fullmatch(given) else uuid4().hex
        out = Out(send, request_id)
        try:
            request = Request(
                method=scope["method"],
                path=scope["path"],
                headers=headers,
                body=await self._body(scope["path"], headers, receive),
                id=request_id,
            )
            await self._while_there(request, receive, out)
        except _Left:
            return
        except Problem as problem:
            await tell(problem, out, scope["path"])

    async def _while_there(self, request: Request, receive: Receive, out: Out) -> None:
        """Answer, unless the caller hangs up before."""
        working = asyncio.current_task()
        leaving = asyncio.create_task(_hung_up(receive))
        is_left = False

        def stop(_: object) -> None:
            nonlocal is_left
            is_left = not leaving.cancelled()
            if is_left and working is not None:
                working.cancel()

        leaving.add_done_callback(stop)
        try:
            await answer(self.answers, request, out)
        except asyncio.CancelledError:
            if not is_left or working is None or working.uncancel() > 0:
                raise
        finally:
            leaving.remove_done_callback(stop)
            leaving.cancel()

    async def _body(self, path: str, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """Return the body of a request; of a large one nothing but its beginning is for anybody.

        Raises:
            Problem: it is larger than the gateway reads, or it is not known who sends it.
            _Left: the caller hung up before its end.
        """
        told = headers.get(b"content-length", b"0")
        if told.isdigit() and int(told) > MOST_BODY_BYTES:
            raise BodyOverLimit(limit=MOST_BODY_BYTES)
        is_let_in = not is_for_the_known(headers)
        parts: list[bytes] = []
        count = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Left
            parts.append(message.get("body", b""))
            count += len(parts[-1])
            if count > MOST_BODY_BYTES:
                raise BodyOverLimit(limit=MOST_BODY_BYTES)
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)
            if not is_let_in:
                await self.answers.let_in(path, headers)
                is_let_in = True


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def tell(problem: Problem, out: Answering, path: str) -> None:
    """Send a problem; within a stream as its last event."""
    body = error_body(problem)
    if out.is_begun:
        await out.end(error_event(body, path=path))
        return
    await out.start(STATUS[problem.kind], error_headers(problem))
    await out.end(body)
