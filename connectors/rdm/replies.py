"""What the answer of an instance means: the document that was asked for, or which problem."""

import json
import re
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from connectors.rdm.problems import (
    RdmForbidden,
    RdmGone,
    RdmRequestRefused,
    RdmTokenRefused,
    RdmUnavailable,
    Role,
)
from connectors.rdm.settings import InstanceName
from contracts.problems import Problem

JsonObject: TypeAlias = dict[str, object]

_ESCAPED_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""Half of a character beyond U+FFFF; the other half follows, or it should."""
_SAYS_SOMETHING: Final = frozenset({401, 403, 404, 410})
"""Statuses that something is concluded from, such as that a project is gone."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer that is no file."""

    status: int
    body: bytes
    media_type: str = ""
    """Without parameters; empty where nothing is said of it."""


def object_in(body: bytes) -> JsonObject | None:
    """Return the JSON object that a body is; None where it is none.

    Half characters, which only JSON can write, are replaced: nobody could keep or send them on.
    """
    try:
        text = body.decode()
        document: Any = json.loads(text)
        if _ESCAPED_HALF.search(text):
            document = json.loads(_whole_characters(json.dumps(document, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None
    return cast("JsonObject", document) if isinstance(document, dict) else None


def is_own_error(role: Role, body: bytes) -> bool:
    """Tell an error in the host's own form from the page of a proxy or of a captive portal."""
    told = object_in(body)
    if told is None:
        return False
    if role == "API":
        return isinstance(told.get("errors"), list)
    return isinstance(told.get("code"), int)


def problem_of(reply: Reply, name: InstanceName, role: Role, *, has_token: bool) -> Problem:
    """Return what a status other than 200 says.

    Only the API knows whether a token is good: the file server answers 401 also for a storage that
    has lost its own permission, and the web server, which takes no tokens, for whatever is private.
    Without a token, 401 is how the API says that something is private.
    """
    status = reply.status
    if status in _SAYS_SOMETHING and not is_own_error(role, reply.body):
        reason = f"HTTP {status}, not in the form of its own errors"
        return RdmUnavailable(name, role, reason=reason)
    if status == 401 and role == "API" and has_token:
        return RdmTokenRefused(name)
    if status in {401, 403}:
        return RdmForbidden(name)
    if status in {404, 410}:
        return RdmGone(name, status=status)
    if 400 <= status < 500:
        return RdmRequestRefused(name, role, reason=f"HTTP {status}")
    return RdmUnavailable(name, role, reason=f"HTTP {status}")


def _whole_characters(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
