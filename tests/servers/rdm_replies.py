"""Requests and answers of the stand-in for GakuNin RDM, before anything goes wrong with them."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qsl, unquote

from tests.servers.loopback import Received

HostRole = Literal["api", "files", "web", "storage"]
JSON: Final = "application/json; charset=UTF-8"
JSON_API: Final = "application/vnd.api+json; charset=utf-8"
_VERSION: Final = re.compile(r"application/vnd\.api\+json\s*;\s*version\s*=\s*(\S+)")
_KNOWN_VERSION: Final = re.compile(r"2\.(\d|1\d|20)")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, taken apart. `path` is decoded; `segments` are split before decoding."""

    host: HostRole
    method: str
    target: str
    path: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    token: str | None

    @property
    def version(self) -> tuple[int, int] | None:
        """API version asked for by `Accept`: 2.0 unless named; None for one that is unknown."""
        named = _VERSION.search(self.headers.get("accept", ""))
        if named is None:
            return (2, 0)
        known = _KNOWN_VERSION.fullmatch(named[1])
        return (2, int(known[1])) if known else None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it should be; faults are made of it when it is sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    is_chunked: bool = False
    """Sent without a length."""


def parse(host: HostRole, received: Received) -> Request:
    path, _, query = received.path.partition("?")
    scheme, _, credentials = received.headers.get("authorization", "").partition(" ")
    return Request(
        host=host,
        method=received.method,
        target=received.path,
        path=unquote(path),
        segments=tuple(unquote(part) for part in path.strip("/").split("/")),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=received.headers,
        token=credentials if scheme.lower() == "bearer" else None,
    )


def json_reply(document: object, *, status: int = 200, content_type: str = JSON) -> Reply:
    return Reply(status, {"content-type": content_type}, json.dumps(document).encode())


def api_error(
    status: int, detail: str, *, source: Mapping[str, str] | None = None, retry_after_s: int = 0
) -> Reply:
    """Return an error in the form of API v2."""
    error = {"detail": detail} | ({"source": source} if source else {})
    document = {"errors": [error], "meta": {"version": "2.0"}}
    headers = {"content-type": JSON_API}
    if status == 401:
        headers["www-authenticate"] = 'Bearer realm="api"'
    if retry_after_s:
        headers["retry-after"] = str(retry_after_s)
    return Reply(status, headers, json.dumps(document).encode())


def files_error(status: int, message: str) -> Reply:
    """Return an error in the form of WaterButler."""
    return json_reply({"code": status, "message": message}, status=status)


def web_error(status: int, short: str) -> Reply:
    """Return an error in the form of the web host's own API."""
    told = {"message_short": short, "message_long": short, "code": status, "referrer": None}
    return json_reply(told, status=status, content_type="application/json")


def error_of(host: HostRole, status: int, message: str) -> Reply:
    """Return an error in the form of the host that is asked."""
    if host == "api":
        return api_error(status, message)
    return web_error(status, message) if host == "web" else files_error(status, message)
