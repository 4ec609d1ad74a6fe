"""The last resort: an error that nobody foresaw becomes a plain answer and a line in the log."""

import logging
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from service.bug_trace import trace_of
from service.rest.asgi import Answering, request_id, route_template
from service.rest.errors import problem_response
from service.rest.problems import InternalError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BugBarrier:
    """Lets no exception out to the server, whose log would quote it with what was sent."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answering = Answering(send)
        try:
            await self.app(scope, receive, answering)
        except Exception as error:  # noqa: BLE001 - a bug must end this request, not the service
            note_bug(scope, error)
            if answering.status is None:
                problem = InternalError(request_id(scope))
                response = problem_response(problem, path=scope["path"], status=500)
                await response(scope, receive, send)
            # else the server sees an answer without its end, and drops the connection


def note_bug(scope: Scope, error: Exception) -> None:
    """Log where it happened; never its message, which may quote content."""
    _LOG.error(
        "request %s to %s failed unexpectedly: %s",
        request_id(scope),
        route_template(scope),
        trace_of(error),
    )
