"""Problems as OpenAI's clients read them."""

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from contracts.problems import Kind, Problem
from inference.gateway.endpoints import MESSAGES
from inference.gateway.problems import FieldRefused

STATUS: Final[Mapping[Kind, int]] = {
    "invalid": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "missing": 404,
    "conflict": 409,
    "too_large": 413,
    "limited": 429,
    "unavailable": 503,
}
TYPES: Final[Mapping[Kind, str]] = {
    "unauthenticated": "authentication_error",
    "forbidden": "permission_error",
    "limited": "rate_limit_error",
    "unavailable": "server_error",
}
Headers = list[tuple[bytes, bytes]]


def error_body(problem: Problem) -> bytes:
    """Return the problem in OpenAI's form, which with its `type` is Anthropic's too."""
    error = {
        "message": f"{problem.message} {problem.hint}",
        "type": TYPES.get(problem.kind, "invalid_request_error"),
        "code": problem.code,
        "param": problem.field if isinstance(problem, FieldRefused) else None,
    }
    return msgspec.json.encode({"type": "error", "error": error})


def error_event(body: bytes, *, path: str) -> bytes:
    """Return it as the last event of a stream; Anthropic's clients look for a name."""
    name = b"event: error\n" if path == MESSAGES else b""
    return name + b"data: " + body + b"\n\n"


def error_headers(problem: Problem) -> Headers:
    """Return what its answer's headers say."""
    headers: Headers = [(b"content-type", b"application/json")]
    if problem.kind == "unauthenticated":
        headers.append((b"www-authenticate", b"Bearer"))
    if problem.retry_after_s is not None:
        headers.append((b"retry-after", str(math.ceil(problem.retry_after_s)).encode()))
    return headers
