"""The one place where a route's policy is enforced: before anything of the body is read."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from contracts.problems import NotAllowed, ProblemBody
from service.policy import policy_of
from service.rest.auth import authorization_in
from service.rest.context import context_of

SECURITY: Final[list[dict[str, list[str]]]] = [{"bearer": []}, {"header": []}]
"""Either will do; `service.rest.openapi` says what they are."""

_PROBLEM: Final[dict[int | str, dict[str, Any]]] = {
    "default": {"model": ProblemBody, "description": "A problem, with the next step."}
}


class GuardedRoute(APIRoute):
    """A route with a policy; one that the table does not know cannot be made."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        methods: Iterable[str],
        **options: Any,  # noqa: ANN401 - APIRoute's own
    ) -> None:
        (method,) = methods
        self.policy = policy_of(method, path)
        options["openapi_extra"] = {
            "x-scope": self.policy,
            "security": [] if self.policy == "public" else SECURITY,
        }
        super().__init__(path, endpoint, methods=[method], **options)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in whom the policy allows.

        Raises:
            KeyInvalid: nobody we know.
            NotAllowed: the key lacks the scope.
        """
        if self.policy != "public":
            request = Request(scope)
            principal = await context_of(request).authenticate(authorization_in(request.headers))
            if self.policy not in principal.scopes:
                raise NotAllowed(self.policy)
            request.state.principal = principal
        await super().handle(scope, receive, send)


def guarded_router(tag: str, *, problem: dict[int | str, dict[str, Any]] = _PROBLEM) -> APIRouter:
    """Return a router whose routes are all guarded, and show `problem` as their errors."""
    return APIRouter(route_class=GuardedRoute, tags=[tag], responses=problem)
