"""JSON Schemas of requests and answers, without the words that only cost a model's attention."""

from typing import Any, Final

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import GenerateJsonSchema

_NULL: Final[JsonValue] = {"type": "null"}
_BY_NAME: Final = frozenset({"properties", "$defs"})
"""Keywords that hold schemas by names, any of which may also be that of a keyword."""
_NOT_TO_FILL_IN: Final = frozenset(
    {"title", "examples", "pattern", "format", "minLength", "minimum"}
)
"""What nobody needs to make a request: a value that does not fit is told with its field."""
_NOT_TO_READ: Final = frozenset({"title", "description", "default"})


class _WithoutFieldTitles(GenerateJsonSchema):
    """Leaves out `"title": "Passage Id"` beside `passage_id`."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's
        return False


def input_schema(request: type[BaseModel]) -> dict[str, Any]:
    """Return what a tool takes; a name that is not in it is refused, not ignored.

    What the request is for, the tool's own description says. That a field may also be null, which
    says no more than to leave it out, is left unsaid.
    """
    schema = request.model_json_schema(schema_generator=_WithoutFieldTitles)
    schema.pop("description", None)
    return {**_plain(schema, _NOT_TO_FILL_IN), "additionalProperties": False}


def output_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """Return what the structured content of a tool's answer looks like.

    What its fields mean is left to REST's `/openapi.json`: models read the answer's text.
    """
    schema = answer.model_json_schema(schema_generator=_WithoutFieldTitles, mode="serialization")
    return _plain(schema, _NOT_TO_READ)


def _plain(schema: dict[str, JsonValue], without: frozenset[str]) -> dict[str, JsonValue]:
    """Leave out keywords, here and within, and say shortly that a value may be null."""
    short = {
        name: part if name in {"default", "enum", "required"} else _within(name, part, without)
        for name, part in schema.items()
        if name not in without
    }
    match short.get("anyOf"):
        case [dict(known), null] if null == _NULL and short.get("default", 0) is None:
            del short["anyOf"], short["default"]
            return {**known, **short}
        case [{"type": kind, **rest}, null] if null == _NULL and not rest:
            del short["anyOf"]
            return {"type": [kind, "null"], **short}
        case _:
            return short


def _within(name: str, part: JsonValue, without: frozenset[str]) -> JsonValue:
    if isinstance(part, list):
        return [_within("", each, without) for each in part]
    if not isinstance(part, dict):
        return part
    if name in _BY_NAME:
        return {key: _within("", each, without) for key, each in part.items()}
    return _plain(part, without)
