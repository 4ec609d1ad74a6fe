"""A collector of OpenTelemetry on loopback: takes spans over HTTP as protobuf, and keeps them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.servers.asgi import serving


@dataclass(slots=True)
class Collector:
    """What has arrived."""

    url: str = ""
    spans: list[Span] = field(default_factory=list[Span])
    bodies: list[bytes] = field(default_factory=list[bytes])

    async def take(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        sent = ExportTraceServiceRequest.FromString(self.bodies[-1])
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return Response(ExportTraceServiceResponse().SerializeToString())

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


def facts(span: Span) -> dict[str, Any]:
    """Return the attributes of a span."""
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in span.attributes
    }


@asynccontextmanager
async def collector() -> AsyncGenerator[Collector]:
    """Take spans until the end of the block."""
    taking = Collector()
    app = Starlette(routes=[Route("/v1/traces", taking.take, methods=["POST"])])
    async with serving(app) as url:
        taking.url = url
        yield taking
