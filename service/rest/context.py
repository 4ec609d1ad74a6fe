"""What a route is handed: the open resources, and who is calling."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, FastAPI, Request

from contracts.principal import Principal
from service.callers import KeyCallers
from service.metrics import Metrics
from service.model_gateway import ModelGateway
from service.rest.auth import Authenticate
from service.wiring import Resources

_CONTEXT: Final = "fumikura"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What belongs to one application."""

    resources: Resources
    authenticate: Authenticate
    metrics: Metrics
    callers: KeyCallers
    models: ModelGateway | None = None

    def keep_in(self, app: FastAPI) -> None:
        """Make it what the routes of `app` are handed."""
        setattr(app.state, _CONTEXT, self)


def context_of(request: Request) -> Context:
    """Return what belongs to the application that took the request."""
    context = getattr(request.app.state, _CONTEXT)
    if not isinstance(context, Context):
        raise TypeError(_CONTEXT)
    return context


def _opened(request: Request) -> Resources:
    return context_of(request).resources


def _caller(request: Request) -> Principal:
    """Return whom the route's policy let in."""
    principal = request.state.principal
    if not isinstance(principal, Principal):
        raise TypeError(_CONTEXT)
    return principal


Opened = Annotated[Resources, Depends(_opened)]
Caller = Annotated[Principal, Depends(_caller)]
