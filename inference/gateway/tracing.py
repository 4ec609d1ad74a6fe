"""Spans of OpenTelemetry: one for a request, and in it one for each model server that is asked.

They hold names, numbers and the request's id: nothing of what is said, as logs do. The names are
those of the semantic conventions for HTTP and for generative AI
(https://opentelemetry.io/docs/specs/semconv/gen-ai/).
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.context import Context
from opentelemetry.trace import (
    NoOpTracer,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from contracts.problems import Problem
from inference.gateway.endpoints import MESSAGES
from inference.gateway.exchange import Request
from inference.gateway.ports import Call, Ended
from inference.prices import Used

UNTRACED: Final[Tracer] = NoOpTracer()
"""Begins no spans."""

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_OPERATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/v1/chat/completions": "chat",
        "/v1/responses": "chat",
        MESSAGES: "chat",
        "/v1/completions": "text_completion",
        "/v1/embeddings": "embeddings",
    }
)


def begun(tracer: Tracer, request: Request, *, route: str) -> Span:
    """Begin the span of a request: in the one that is current, or in the one that it names."""
    around = get_current_span()
    is_within = around.get_span_context().is_valid
    if is_within:
        parent = set_span_in_context(around, Context())
    else:
        carrier = {name: request.header(name.encode()) or "" for name in _PROPAGATOR.fields}
        parent = _PROPAGATOR.extract(carrier, Context())
    return tracer.start_span(
        f"{request.method} {route}".strip(),
        parent,
        SpanKind.INTERNAL if is_within else SpanKind.SERVER,
        {
            "http.request.method": request.method,
            "http.route": route,
            "fumikura.request_id": request.id,
        },
    )


@contextmanager
def refusing(span: Span) -> Generator[None]:
    """End the span of a request with the block; a problem is named in it."""
    try:
        yield
    except Problem as problem:
        _failed(span, problem.code)
        raise
    except BaseException as error:
        _failed(span, type(error).__name__)
        raise
    finally:
        span.end()


def tell_call(span: Span, call: Call) -> None:
    """Note which model a request asks for."""
    span.set_attribute("gen_ai.request.model", call.asked_model)


def tell_end(span: Span, ended: Ended) -> None:
    """Note how a call ended."""
    span.set_attributes(
        {
            "http.response.status_code": ended.status,
            "gen_ai.response.model": ended.model,
            "fumikura.outcome": ended.outcome,
            "fumikura.held_s": ended.held_s,
            **_tokens(ended.used),
        }
    )
    if ended.first_byte_s is not None:
        span.set_attribute("fumikura.first_byte_s", ended.first_byte_s)


class Asking:
    """The span of a question to a model server."""

    def __init__(self, span: Span) -> None:
        """Take the span; use `asking`."""
        self._span = span

    @property
    def headers(self) -> dict[str, str]:
        """What tells the server which span its own ones belong to."""
        carrier: dict[str, str] = {}
        if self._span.is_recording():
            _PROPAGATOR.inject(carrier, set_span_in_context(self._span, Context()))
        return carrier

    def answered(self, status: int) -> None:
        """Note the status of its answer."""
        self._span.set_attribute("http.response.status_code", status)


@contextmanager
def asking(tracer: Tracer, within: Span, *, path: str, model: str, url: str) -> Generator[Asking]:
    """Begin the span of a question to the model server at a URL, and end it with the block."""
    operation = _OPERATIONS.get(path, path.rsplit("/", 1)[-1])
    server = urlsplit(url)
    span = tracer.start_span(
        f"{operation} {model}",
        set_span_in_context(within, Context()),
        SpanKind.CLIENT,
        {
            "gen_ai.operation.name": operation,
            "gen_ai.request.model": model,
            "server.address": server.hostname or "",
            "server.port": server.port or 0,
        },
    )
    with refusing(span):
        yield Asking(span)


def _failed(span: Span, reason: str) -> None:
    span.set_attribute("error.type", reason)
    span.set_status(Status(StatusCode.ERROR))


def _tokens(used: Used) -> dict[str, int]:
    return {
        "gen_ai.usage.input_tokens": used.prompt_tokens,
        "gen_ai.usage.cache_read.input_tokens": used.cached_tokens,
        "gen_ai.usage.output_tokens": used.completion_tokens,
    }
