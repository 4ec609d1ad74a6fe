"""The REST application: its routes, its error form, and the layers around them."""

from collections.abc import Mapping
from importlib.metadata import version
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from opentelemetry.trace import Tracer
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp

from contracts.problems import Problem
from inference.gateway.tracing import UNTRACED
from service.callers import KeyCallers
from service.metrics import Metrics
from service.model_gateway import ModelGateway
from service.policy import SELF_GUARDED
from service.rest import (
    agents,
    health,
    jobs,
    keys,
    links,
    models,
    openai_api,
    openapi,
    projects,
    reembedding,
    search,
    sources,
    usage,
)
from service.rest.auth import authenticator
from service.rest.body_limit import BodyLimit
from service.rest.browser_safety import BrowserSafety
from service.rest.bugs import BugBarrier
from service.rest.context import Context
from service.rest.errors import answer_invalid, answer_problem, answer_refused
from service.rest.hang_up import HangUp
from service.rest.hosts import HostCheck, allowed_hosts
from service.rest.request_log import RequestLog
from service.settings import Settings
from service.wiring import Resources

_ROUTERS: Final = tuple(
    module.router
    for module in (
        search,
        agents,
        projects,
        sources,
        jobs,
        links,
        keys,
        usage,
        reembedding,
        openai_api,
        models,
        health,
        openapi,
    )
)
_NO_OTHER_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own tells paths, queries and the messages of errors: what people look for."""

_NONE: Final[Mapping[str, ASGIApp]] = MappingProxyType({})


def create_app(
    resources: Resources,
    *,
    local_token: str | None = None,
    models_behind: ModelGateway | None = None,
    mounts: Mapping[str, ASGIApp] = _NONE,
    tracer: Tracer = UNTRACED,
) -> FastAPI:
    """Return the application over what is open already; nothing is opened here.

    Args:
        resources: what the routes work with; the caller closes them after the last request.
        local_token: who shows it is the local operator; None: only keys are let in.
        models_behind: the gateway to models; None: the index's own model alone is served.
        mounts: applications at exact paths, each of `policy.SELF_GUARDED`.
        tracer: begins the spans of requests.

    Raises:
        LookupError: a route or a mount without a policy.
    """
    metrics = Metrics(also=None if models_behind is None else models_behind.render)
    app = FastAPI(
        title=openapi.TITLE,
        description=openapi.DESCRIPTION,
        version=version("fumikura"),
        openapi_tags=openapi.TAGS,
        openapi_url=None,  # ours is guarded, and no page of it comes from elsewhere
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        middleware=_layers(resources.settings, metrics, tracer),
        telemetry=_NO_OTHER_TELEMETRY,
        exception_handlers={
            Problem: answer_problem,
            RequestValidationError: answer_invalid,
            HTTPException: answer_refused,
        },
    )
    _add_routes(app, mounts)
    _context(resources, local_token, metrics, models_behind).keep_in(app)
    return app


def _context(
    resources: Resources,
    local_token: str | None,
    metrics: Metrics,
    models_behind: ModelGateway | None,
) -> Context:
    records = resources.records
    return Context(
        resources=resources,
        authenticate=authenticator(records.keys, local_token=local_token),
        metrics=metrics,
        callers=KeyCallers(keys=records.keys, database=records.database, local_token=local_token),
        models=models_behind,
    )


def _add_routes(app: FastAPI, mounts: Mapping[str, ASGIApp]) -> None:
    for router in _ROUTERS:
        app.include_router(router)
    for path, mounted in mounts.items():
        if path not in SELF_GUARDED:
            raise LookupError(f"service/policy.py knows no application at {path}")
        app.router.routes.append(Route(path, mounted, include_in_schema=False))


def _layers(settings: Settings, metrics: Metrics, tracer: Tracer) -> list[Middleware]:
    """Return the layers around the routes, the outermost first."""
    return [
        Middleware(RequestLog, metrics=metrics, tracer=tracer),
        Middleware(BrowserSafety),
        Middleware(BugBarrier),
        Middleware(HostCheck, allowed=allowed_hosts(settings)),
        Middleware(HangUp),
        Middleware(BodyLimit, limit=settings.max_body_bytes),
    ]


def _operation_id(route: APIRoute) -> str:
    return route.name
