"""Every error as an HTTP answer: one status for each kind, one form for all."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from contracts.problems import Kind, Problem
from inference.gateway.errors import STATUS as OPENAI_STATUS
from service.rest.openai_errors import openai_body, speaks_openai
from service.rest.problems import BodyUnreadable, FieldInvalid, MethodRefused, RouteUnknown

STATUS: Final[Mapping[Kind, int]] = {**OPENAI_STATUS, "invalid": 422}
_FIELD_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def problem_response(
    problem: Problem,
    *,
    path: str,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the problem as the callers of `path` expect it; `status` overrides its kind's."""
    is_openai = speaks_openai(path)
    body = openai_body(problem) if is_openai else problem.body()
    statuses = OPENAI_STATUS if is_openai else STATUS
    return Response(
        body.model_dump_json(),
        status_code=status or statuses[problem.kind],
        headers={**_headers(problem), **(headers or {})},
        media_type="application/json",
    )


async def answer_problem(request: Request, error: Exception) -> Response:
    """Answer with what was raised on purpose."""
    if not isinstance(error, Problem):
        raise error
    return problem_response(error, path=request.url.path)


async def answer_invalid(request: Request, error: Exception) -> Response:
    """Answer with the first field that does not fit."""
    if not isinstance(error, RequestValidationError):
        raise error
    return problem_response(first_fault(error), path=request.url.path)


async def answer_refused(request: Request, error: Exception) -> Response:
    """Answer in our form what the framework refused in its own."""
    if not isinstance(error, HTTPException):
        raise error
    path = request.url.path
    if isinstance(error.__cause__, Problem):  # one of ours, see `service.rest.body_limit`
        return problem_response(error.__cause__, path=path)
    match error.status_code:
        case 404:
            return problem_response(RouteUnknown(), path=path)
        case 405:
            return problem_response(MethodRefused(), path=path, status=405, headers=error.headers)
        case _:  # all else that the framework raises is about a body it cannot read
            return problem_response(BodyUnreadable(), path=path)


def first_fault(error: RequestValidationError) -> FieldInvalid | BodyUnreadable:
    """Name the first field at fault and the reason, without anything that was sent."""
    fault: Mapping[str, Any] = error.errors()[0]
    if fault["type"] == "json_invalid" or fault["loc"] == ("body",):
        return BodyUnreadable()
    place = [str(part) for part in fault["loc"][1:] if _is_field(part)]
    reason = str(fault["msg"]).removeprefix("Value error, ")
    return FieldInvalid(".".join(place) or "request", reason)


def _is_field(part: object) -> bool:
    """Tell names of fields and positions from what a caller sent as a name."""
    return isinstance(part, int) or _FIELD_NAME.fullmatch(str(part)) is not None


def _headers(problem: Problem) -> dict[str, str]:
    headers: dict[str, str] = {}
    if problem.kind == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(problem.retry_after_s))
    return headers
