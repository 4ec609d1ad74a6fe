"""JSON Schemas of requests and answers, without the words that only cost a model's attention."""

from typing import Any

from pydantic import BaseModel, JsonValue
from pydantic.json_schema import GenerateJsonSchema


class _WithoutFieldTitles(GenerateJsonSchema):
    """Leaves out `"title": "Passage Id"` beside `passage_id`."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's
        return False


def input_schema(request: type[BaseModel]) -> dict[str, Any]:
    """Return what a tool takes; a name that is not in it is refused, not ignored."""
    schema = request.model_json_schema(schema_generator=_WithoutFieldTitles)
    return {**schema, "additionalProperties": False}


def output_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """Return what the structured content of a tool's answer looks like.

    What its fields mean is left to REST's `/openapi.json`: models read the answer's text.
    """
    schema = answer.model_json_schema(schema_generator=_WithoutFieldTitles, mode="serialization")
    return {name: _undescribed(part) for name, part in schema.items()}


def _undescribed(part: JsonValue) -> JsonValue:
    """Leave out the descriptions within; a property may well be called `description`."""
    if isinstance(part, list):
        return [_undescribed(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        name: _undescribed(inner)
        for name, inner in part.items()
        if not (name == "description" and isinstance(inner, str))
    }
