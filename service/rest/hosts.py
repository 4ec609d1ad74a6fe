"""Answer only under our own names, so that no web page can reach us by renaming its server."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.rest.errors import problem_response
from service.rest.problems import HostRefused
from service.settings import Settings

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """Return the names of this service: loopback's, the one it listens on, and the operator's."""
    own = f"[{settings.host}]" if ":" in settings.host else settings.host
    return _LOOPBACK | {own.casefold()} | {host.casefold() for host in settings.allowed_hosts}


def is_allowed_host(host: str, allowed: Collection[str]) -> bool:
    """Tell whether a `Host` header names us, with any port where `allowed` names none."""
    whole = host.casefold()
    name, colon, port = whole.rpartition(":")
    return whole in allowed or (bool(colon) and port.isdecimal() and name in allowed)


@dataclass(frozen=True, slots=True)
class HostCheck:
    """Refuses what came in under another name (DNS rebinding)."""

    app: ASGIApp
    allowed: Collection[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = Headers(scope=scope).getlist("host")
            if len(hosts) != 1 or not is_allowed_host(hosts[0], self.allowed):
                refusal = problem_response(HostRefused(), path=scope["path"])
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)
