"""Read no more of a body than the operator allows."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.rest.asgi import Answering
from service.rest.errors import problem_response
from service.rest.problems import BodyTooLarge


class _OverLimit(HTTPException):
    """The one exception that FastAPI lets through while it reads a body."""

    def __init__(self) -> None:
        super().__init__(413)


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Refuses by `Content-Length` where it is told, and counts the bytes that come in anyway."""

    app: ASGIApp
    limit: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "")
        if told.isdecimal() and int(told) > self.limit:
            await self._refuse(scope, receive, send)
            return
        counting = _Counting(receive, self.limit)
        answering = _Withheld(send, counting)
        await self.app(scope, counting, answering)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = problem_response(BodyTooLarge(self.limit), path=scope["path"])
        await refusal(scope, receive, send)
