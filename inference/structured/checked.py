"""Whether JSON that a model wrote fits the schema that the caller gave."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from importlib import import_module
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError

from inference.structured.patterns import matches
from inference.structured.problems import SchemaUnsupported

_FORMATS: Final = FormatChecker(("date", "uuid", "email", "ipv4", "ipv6"))


@_FORMATS.checks("date-time", raises=ValueError)
def _is_date_time(value: object) -> bool:
    """Tell whether it is a moment with its time zone (RFC 3339); of what is no text, yes."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@_FORMATS.checks("time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or time.fromisoformat(value).tzinfo is not None


def _pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """Match in linear time: the pattern is the caller's."""
    if isinstance(value, str) and not matches(pattern, value):
        yield ValidationError("does not match its pattern")


# Its function for this has no types.
_Validator: Final[Any] = import_module("jsonschema.validators").extend(
    Draft202012Validator, {"pattern": _pattern}
)


class Twice(ValueError):
    """An object has a name twice: what it means depends on who reads it."""


def validator_of(schema: Mapping[str, Any], place: str = "") -> Any:  # noqa: ANN401 - the library's class
    """Return what checks values against a schema.

    Raises:
        SchemaUnsupported: it is no schema.
    """
    try:
        _Validator.check_schema(schema)
    except SchemaError as error:
        where = "/".join(map(str, error.absolute_path))
        raise SchemaUnsupported(f"{place}/{where}", "it is no JSON schema there") from error
    return _Validator(schema, format_checker=_FORMATS)


def fault_of(text: str, validator: Any) -> str | None:  # noqa: ANN401 - see validator_of
    """Return what is wrong with a text, rule and place and nothing of the text; None: it fits."""
    try:
        value = json.loads(text, parse_constant=_refuse, object_pairs_hook=_once)
    except Twice:
        return "an object has a name twice"
    except (ValueError, RecursionError):
        return "it is no JSON"
    try:
        error = next(validator.iter_errors(value), None)
    except RecursionError:
        return "it is nested too deep"
    if error is None:
        return None
    place = "/" + "/".join(str(part)[:50] for part in error.absolute_path)
    return f"{place} does not keep to {error.validator!r}"


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Twice
    return found
