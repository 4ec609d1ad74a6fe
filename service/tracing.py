"""Spans of OpenTelemetry for the collector that an operator names; without one there are none."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from opentelemetry.trace import Tracer
from pydantic import AnyHttpUrl

from inference.gateway.tracing import UNTRACED
from service.problems import TracingMissing

_PATH: Final = "/v1/traces"


@asynccontextmanager
async def open_tracer(collector: AnyHttpUrl | None) -> AsyncGenerator[Tracer]:
    """Yield what spans are begun with; they are sent in the background, and the last at the end.

    OpenTelemetry's own variables count too, such as OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME
    and OTEL_TRACES_SAMPLER. Where the collector does not answer, spans are lost and nothing else.

    Raises:
        TracingMissing: the extra `tracing` is not installed.
    """
    if collector is None:
        yield UNTRACED
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 - an extra
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise TracingMissing from error
    own = Resource({"service.name": "fumikura", "service.version": version("fumikura")})
    provider = TracerProvider(
        resource=own.merge(OTELResourceDetector().detect()), shutdown_on_exit=False
    )
    exporter = OTLPSpanExporter(endpoint=str(collector).rstrip("/") + _PATH)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    try:
        yield provider.get_tracer("fumikura", version("fumikura"))
    finally:
        await asyncio.to_thread(provider.shutdown)
