"""`fumikura gateway` as an ASGI application: models, and beside them health and numbers."""

from dataclasses import dataclass
from typing import Final

from contracts.problems import NotAllowed, Problem
from inference.gateway.app import Gateway, Out, Receive, Scope, Send
from inference.gateway.errors import STATUS, error_body, error_headers
from service.model_gateway import ModelGateway
from service.policy import POLICIES

_HEALTH: Final = ("GET", "/healthz")
_METRICS: Final = ("GET", "/metrics")
_TEXT: Final = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")


@dataclass(frozen=True, slots=True)
class GatewayApp:
    """Answers as `service.policy` says who may ask what."""

    models: ModelGateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = (scope["method"], scope["path"]) if scope["type"] == "http" else None
        if asked == _HEALTH:
            await Out(send).start(200, [])
            await Out(send).end(b"")
        elif asked == _METRICS:
            await self._tell_numbers(scope, Out(send))
        else:
            await Gateway(self.models.handler)(scope, receive, send)

    async def _tell_numbers(self, scope: Scope, out: Out) -> None:
        try:
            await self._let_in(scope)
        except Problem as problem:
            await out.start(STATUS[problem.kind], error_headers(problem))
            await out.end(error_body(problem))
        else:
            await out.start(200, [_TEXT])
            await out.end(self.models.render())

    async def _let_in(self, scope: Scope) -> None:
        """Return if who asks may see the numbers.

        Raises:
            Problem: nobody knows who asks.
            NotAllowed: the key is not for them.
        """
        given = dict(scope["headers"]).get(b"authorization")
        authorization = None if given is None else given.decode("latin-1")
        caller = await self.models.handler.callers.caller(authorization)
        needed = POLICIES[_METRICS]
        if needed != "public" and needed not in caller.principal.scopes:
            raise NotAllowed(needed)
