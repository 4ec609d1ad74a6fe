"""What `fumikura gateway` answers: models, and beside them whether it lives, and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from contracts.problems import NotAllowed
from inference.gateway.exchange import Answering, Request
from service.model_gateway import ModelGateway
from service.policy import POLICIES

_HEALTH: Final = ("GET", "/healthz")
_METRICS: Final = ("GET", "/metrics")
_TEXT: Final = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")


@dataclass(frozen=True, slots=True)
class GatewayDesk:
    """Implements `inference.gateway.exchange.Answers` as `service.policy` says who may ask what."""

    models: ModelGateway

    async def let_in(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """See the port."""
        await self.models.handler.let_in(path, headers)

    async def answer(self, request: Request, out: Answering) -> None:
        """See the port."""
        asked = request.method, request.path
        if asked == _HEALTH:
            await out.start(200, [])
            await out.end(b"")
        elif asked == _METRICS:
            await self._let_in(request)
            await out.start(200, [_TEXT])
            await out.end(self.models.render())
        else:
            await self.models.handler.answer(request, out)

    async def _let_in(self, request: Request) -> None:
        """Return if who asks may see the numbers.

        Raises:
            Problem: nobody knows who asks.
            NotAllowed: the key is not for them.
        """
        caller = await self.models.handler.callers.caller(request.header(b"authorization"))
        needed = POLICIES[_METRICS]
        if needed != "public" and needed not in caller.principal.scopes:
            raise NotAllowed(needed)
