"""Read the arguments of a tool call: a fault names its field, and never shows its value."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from agents.definition import RequestT
from contracts.problems import InvalidRequest

_FAULTS_TOLD: Final = 3
_NAME_CHARS: Final = 80


def read_arguments(request: type[RequestT], arguments: Mapping[str, Any]) -> RequestT:
    """Return the arguments as the tool's request.

    Raises:
        InvalidRequest: a field does not fit, or there is none of that name. A misspelt `projects`
            must not become a search of all projects.
    """
    strangers = list(_strangers(request, arguments))
    if strangers:
        raise _refusal(strangers)
    try:
        return request.model_validate(arguments)
    except ValidationError as error:
        raise _refusal([_fault(each) for each in error.errors(include_input=False)]) from error


def _strangers(request: type[BaseModel], arguments: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(arguments.keys() - request.model_fields.keys()):
        near = get_close_matches(name, request.model_fields, n=1)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        yield f"{name[:_NAME_CHARS]}: there is no such argument{meant}"


def _fault(fault: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in fault["loc"]) or "arguments"
    reason = str(fault["msg"]).removeprefix("Value error, ")
    return f"{place[:_NAME_CHARS]}: {reason}"


def _refusal(faults: list[str]) -> InvalidRequest:
    return InvalidRequest(
        "; ".join(faults[:_FAULTS_TOLD]), hint="Compare it with the tool's input schema."
    )
