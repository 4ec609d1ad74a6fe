"""Stop working for a client that is gone."""

import asyncio
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.rest.asgi import Answering


@dataclass(frozen=True, slots=True)
class HangUp:
    """Cancels the work on a request when its client hangs up before the answer is complete.

    The server tells of it only to those who listen: so this layer listens all the time, and hands
    the body on to the application piece by piece.
    """

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body: asyncio.Queue[Message] = asyncio.Queue(maxsize=1)
        answering = Answering(send)
        working = asyncio.ensure_future(_run(self.app, scope, body, answering))
        listening = asyncio.create_task(_listen(receive, body))
        try:
            await asyncio.wait({working, listening}, return_when=asyncio.FIRST_COMPLETED)
            if answering.is_complete or working.done():
                await working
        finally:
            working.cancel()
            listening.cancel()
            await asyncio.gather(working, listening, return_exceptions=True)


async def _run(
    app: ASGIApp, scope: Scope, body: asyncio.Queue[Message], answering: Answering
) -> None:
    await app(scope, body.get, answering)


async def _listen(receive: Receive, body: asyncio.Queue[Message]) -> None:
    """Hand messages on until the client is gone."""
    while (message := await receive())["type"] != "http.disconnect":
        await body.put(message)
