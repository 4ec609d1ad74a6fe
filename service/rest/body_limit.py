"""Read no more of a body than the operator allows."""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.rest.errors import problem_response
from service.rest.problems import BodyTooLarge


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """Refuses by `Content-Length` where there is one, and counts the bytes that come in anyway."""

    app: ASGIApp
    limit: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if told.isdecimal() and int(told) > self.limit:
            refusal = problem_response(BodyTooLarge(self.limit), path=scope["path"])
            await refusal(scope, receive, send)
            return
        await self.app(scope, _counting(receive, self.limit), send)


def _counting(receive: Receive, limit: int) -> Receive:
    count = 0

    async def receive_counted() -> Message:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > limit:
            # FastAPI lets only this exception through while it reads a body.
            raise HTTPException(413) from BodyTooLarge(limit)
        return message

    return receive_counted
