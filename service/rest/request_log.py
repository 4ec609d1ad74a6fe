"""Give every request an id, and say in log and metrics what became of it."""

import logging
import re
import time
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.metrics import Metrics, known_method
from service.rest.asgi import Answering, request_id, route_template

HEADER: Final = "x-request-id"
CLIENT_HUNG_UP: Final = 499
"""Never sent; nginx's number for it."""

_LOG = logging.getLogger(__name__)
_PROPAGATOR: Final = TraceContextTextMapPropagator()
_WELL_FORMED: Final = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True, slots=True)
class RequestLog:
    """The outermost layer. A well-formed id that the client sends is kept, to follow it across.

    Neither paths nor queries are logged: they may hold what a person looked for.
    """

    app: ASGIApp
    metrics: Metrics
    tracer: Tracer

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
        with self.tracer.start_as_current_span(
            "HTTP",
            _PROPAGATOR.extract(Headers(scope=scope), Context()),
            SpanKind.SERVER,
            record_exception=False,  # its message may hold anything
            set_status_on_exception=False,
        ) as span:
            try:
                await self.app(scope, receive, answering)
            finally:
                self._note(scope, answering, span, seconds=time.perf_counter() - began)

    def _note(self, scope: Scope, answering: Answering, span: Span, *, seconds: float) -> None:
        status = answering.status if answering.is_complete else None
        method, route = scope["method"], route_template(scope)
        span.update_name(f"{known_method(method)} {route}")
        span.set_attributes(
            {
                "http.request.method": known_method(method),
                "http.route": route,
                "http.response.status_code": status or CLIENT_HUNG_UP,
                "fumikura.request_id": request_id(scope),
            }
        )
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
