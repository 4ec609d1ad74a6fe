"""What of a request's and an answer's schema an assistant is shown."""

from typing import Annotated

from pydantic import BaseModel, Field

from mcp_server.schemas import input_schema, output_schema


class _Part(BaseModel):
    """A part."""

    title: str = Field(description="Its title.")


class _Asked(BaseModel):
    """Words that the tool's description has, too."""

    names: list[Annotated[str, Field(max_length=9, pattern="^a")]] | None = Field(
        default=None, max_length=5, description="Which."
    )
    cells: dict[str, str | None] = Field(default_factory=dict[str, "str | None"], max_length=5)
    count: int = Field(default=3, ge=1, le=9, examples=[4])
    description: str


class _Answered(BaseModel):
    part: _Part | None = None
    note: str | None = Field(default=None, description="Why.")


def test_a_request_is_shown_by_what_can_be_said_and_how_much_of_it() -> None:
    assert input_schema(_Asked) == {
        "type": "object",
        "required": ["description"],
        "additionalProperties": False,
        "properties": {
            "names": {
                "type": "array",
                "items": {"type": "string", "maxLength": 9},
                "maxItems": 5,
                "description": "Which.",
            },
            "cells": {
                "type": "object",
                "additionalProperties": {"type": ["string", "null"]},
                "maxProperties": 5,
            },
            "count": {"type": "integer", "default": 3, "maximum": 9},
            "description": {"type": "string"},
        },
    }


def test_an_answer_is_shown_by_its_form_alone() -> None:
    assert output_schema(_Answered) == {
        "type": "object",
        "$defs": {
            "_Part": {
                "type": "object",
                "properties": {"title": {"type": "string"}},
                "required": ["title"],
            }
        },
        "properties": {
            "part": {"anyOf": [{"$ref": "#/$defs/_Part"}, {"type": "null"}]},
            "note": {"type": ["string", "null"]},
        },
    }
