"""MCP over HTTP, for a host application to route at `/mcp`; every request brings its key."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from agents.desk import Desk
from contracts.principal import Principal
from contracts.problems import Kind, Problem
from mcp_server.server import Context, build_server

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""Room for an image of 10 MB as base64."""

Authenticate = Callable[[str | None], Awaitable[Principal]]
"""Takes the value of the Authorization header; raises a `Problem` for whom it does not know."""

_PRINCIPAL: Final = "fumikura.principal"
_STATUS: Final[Mapping[Kind, int]] = {"unauthenticated": 401, "forbidden": 403, "limited": 429}
_NOT_NOW: Final = 503


@asynccontextmanager
async def open_http(
    desk: Desk, authenticate: Authenticate, *, allowed_hosts: Sequence[str]
) -> AsyncGenerator[ASGIApp]:
    """Open the endpoint inside the host's lifespan; leaving stops the calls that still run.

    Give the app to the host as `Route("/mcp", endpoint=app)`: a `Mount` would send clients from
    `/mcp` to `/mcp/` first.

    Args:
        desk: what calls go to.
        authenticate: asked anew for every request.
        allowed_hosts: values of the Host header that are served: `name`, `name:port`, or `name:*`
            for any port that is written out. A page of one of them may call; any other Origin is
            refused, and with no host named, everything is.
    """
    sessions = StreamableHTTPSessionManager(
        build_server(desk, _principal_of),
        stateless=True,
        security_settings=TransportSecuritySettings(
            allowed_hosts=list(allowed_hosts),
            allowed_origins=[
                f"{scheme}://{host}" for host in allowed_hosts for scheme in ("http", "https")
            ],
        ),
        max_request_body_size=MAX_BODY_BYTES,
    )
    async with sessions.run():
        yield _Door(sessions, authenticate)


@dataclass(frozen=True, slots=True)
class _Door:
    """Knows the caller before it reads anything else of a request."""

    sessions: StreamableHTTPSessionManager
    authenticate: Authenticate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "POST":  # without sessions there is nothing to get or delete
            await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
            return
        try:
            principal = await self.authenticate(Headers(scope=scope).get("authorization"))
        except Problem as problem:
            await _refusal(problem)(scope, receive, send)
            return
        await self.sessions.handle_request({**scope, _PRINCIPAL: principal}, receive, send)


def _principal_of(context: Context) -> Principal:
    """Return whom the door let in with this very request."""
    request = context.request
    if not isinstance(request, Request):
        raise TypeError("a tool call over HTTP without its HTTP request")
    principal: Principal = request.scope[_PRINCIPAL]
    return principal


def _refusal(problem: Problem) -> Response:
    headers: dict[str, str] = {}
    if problem.kind == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(ceil(problem.retry_after_s))
    return JSONResponse(
        problem.body().model_dump(mode="json"),
        status_code=_STATUS.get(problem.kind, _NOT_NOW),
        headers=headers,
    )
