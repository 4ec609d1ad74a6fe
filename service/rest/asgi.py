"""What the layers around the application share: whose answer has begun, and by which route."""

from dataclasses import dataclass

from starlette.types import Message, Scope, Send


@dataclass(slots=True)
class Answering:
    """Passes an answer on and remembers how far it is."""

    send: Send
    status: int | None = None
    is_complete: bool = False

    async def __call__(self, message: Message) -> None:
        await self.send(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.is_complete = not message.get("more_body", False)


def route_template(scope: Scope) -> str:
    """Return the path of the route that took the request, its parameters not filled in."""
    return str(getattr(scope.get("route"), "path", "unknown"))


def request_id(scope: Scope) -> str:
    """Return the id that `RequestLog` gave to the request."""
    return str(scope["state"]["request_id"])
