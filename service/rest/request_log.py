"""Give every request an id, and say in log and metrics what became of it."""

import logging
import re
import time
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.metrics import Metrics
from service.rest.asgi import Answering, request_id, route_template

HEADER: Final = "x-request-id"
CLIENT_HUNG_UP: Final = 499
"""Never sent; nginx's number for it."""

_LOG = logging.getLogger(__name__)
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True, slots=True)
class RequestLog:
    """The outermost layer. A well-formed id that the client sends is kept, to follow it across.

    Neither paths nor queries are logged: they may hold what a person looked for.
    """

    app: ASGIApp
    metrics: Metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        scope.setdefault("state", {})["request_id"] = (
            given if _WELL_FORMED.fullmatch(given) else uuid4().hex
        )
        began = time.perf_counter()
        answering = Answering(_with_id(send, request_id(scope)))
        try:
            await self.app(scope, receive, answering)
        finally:
            self._note(scope, answering, seconds=time.perf_counter() - began)

    def _note(self, scope: Scope, answering: Answering, *, seconds: float) -> None:
        status = answering.status if answering.is_complete else None
        method, route = scope["method"], route_template(scope)
        self.metrics.observe_request(
            method=method, route=route, status=status or CLIENT_HUNG_UP, seconds=seconds
        )
        _LOG.info(
            "%s %s %s %s %.0f ms",
            request_id(scope),
            method,
            route,
            status or "unfinished",
            seconds * 1000,
        )


def _with_id(send: Send, name: str) -> Send:
    async def send_with_id(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)[HEADER] = name
        await send(message)

    return send_with_id
