"""Six requests, each with a schema of another kind."""

from collections.abc import Mapping
from typing import Any, Final

_BOUNDED: Final = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 30},
        "note": {"type": "string", "minLength": 2, "maxLength": 60},
    },
    "required": ["title", "note"],
    "additionalProperties": False,
}
_JUDGED: Final = {
    "type": "object",
    "properties": {
        "判定": {"enum": ["十分", "不足", "矛盾"]},
        "level": {"type": "integer", "minimum": 1, "maximum": 5},
        "date": {"type": "string", "format": "date"},
    },
    "required": ["判定", "level", "date"],
    "additionalProperties": False,
}
_NESTED: Final = {
    "type": "object",
    "properties": {
        "sample": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
                "mass_g": {"type": "number", "minimum": 0, "maximum": 10},
            },
            "required": ["id", "mass_g"],
        }
    },
    "required": ["sample"],
}
_LISTED: Final = {
    "type": "object",
    "properties": {
        "items": {
            "type": "array",
            "minItems": 1,
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "label": {"type": "string", "maxLength": 8},
                    "ok": {"type": "boolean"},
                },
                "required": ["label", "ok"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["items"],
    "additionalProperties": False,
}
_EITHER: Final = {
    "type": "object",
    "properties": {
        "value": {"anyOf": [{"type": "null"}, {"type": "integer"}, {"$ref": "#/$defs/short"}]}
    },
    "required": ["value"],
    "additionalProperties": False,
    "$defs": {"short": {"type": "string", "maxLength": 5}},
}
_ARGUMENTS: Final = {
    "type": "object",
    "properties": {
        "query": {"type": "string", "minLength": 1, "maxLength": 40},
        "limit": {"type": "integer", "minimum": 1, "maximum": 50},
    },
    "required": ["query", "limit"],
    "additionalProperties": False,
}


def _text(schema: Mapping[str, Any]) -> dict[str, Any]:
    described = {"name": "answer", "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": described}}


QUESTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "texts with bounds": _text(_BOUNDED),
    "enumerations, a date": _text(_JUDGED),
    "a pattern, nested": _text(_NESTED),
    "a list of objects": _text(_LISTED),
    "one of three kinds": _text(_EITHER),
    "a tool's arguments": {
        "tools": [{"type": "function", "function": {"name": "search", "parameters": _ARGUMENTS}}],
        "tool_choice": {"type": "function", "function": {"name": "search"}},
    },
}
"""What each adds to a request; the messages are the same."""
