"""Put REST and MCP before everything that is open: one application, one way in."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from inference.local_embedder import LocalEmbedder
from mcp_server.http import open_http
from service.model_gateway import open_model_gateway
from service.rest.app import create_app
from service.rest.auth import authenticator
from service.rest.hosts import allowed_hosts
from service.settings import Settings
from service.tracing import open_tracer
from service.wiring import Resources, open_resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """What a web server is given, and what is behind it."""

    app: FastAPI
    resources: Resources


@asynccontextmanager
async def open_serving(settings: Settings, *, local_token: str) -> AsyncGenerator[Serving]:
    """Open everything; work on jobs, sync by the clock and move to another model meanwhile.

    Who shows the token is the operator.

    Raises:
        Problem: see `service.wiring.open_resources` and `service.model_gateway`.
    """
    async with AsyncExitStack() as stack:
        resources = await stack.enter_async_context(open_resources(settings))
        tracer = await stack.enter_async_context(open_tracer(settings.otlp_endpoint))
        models = await stack.enter_async_context(
            open_model_gateway(resources.records, local_token=local_token, tracer=tracer)
        )
        if isinstance(
            resources.embedder, LocalEmbedder
        ):  # so that no caller waits for the model to load
            await resources.embedder.embed_query("warm-up")
        mcp = await stack.enter_async_context(
            open_http(
                resources.desk,
                authenticator(resources.records.keys, local_token=local_token),
                allowed_hosts=_with_any_port(allowed_hosts(settings)),
            )
        )
        await stack.enter_async_context(resources.jobs.working())
        await stack.enter_async_context(resources.schedule.running())
        await stack.enter_async_context(resources.reembedding.working())
        app = create_app(
            resources,
            local_token=local_token,
            models_behind=models,
            mounts={"/mcp": mcp},
            tracer=tracer,
        )
        yield Serving(app=app, resources=resources)


def _with_any_port(hosts: Iterable[str]) -> list[str]:
    """Return the names in the form that the MCP library takes."""
    return [form for host in sorted(hosts) for form in (host, f"{host}:*")]
