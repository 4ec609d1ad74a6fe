"""A schema that grammar engines follow: narrower than the caller's, never wider."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.structured.checked import fault_of, validator_of
from inference.structured.narrowed import narrowed
from inference.structured.patterns import FORMATS, matches, of_length
from inference.structured.problems import SchemaUnsupported

SAMPLE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "試料": {"type": "string", "minLength": 2, "maxLength": 30},
        "measured": {"type": "string", "format": "date"},
        "values": {"type": "array", "items": {"type": "number"}},
        "part": {"$ref": "#/$defs/part"},
    },
    "required": ["試料"],
    "$defs": {"part": {"oneOf": [{"type": "null"}, {"enum": ["head", "tail"]}]}},
}


def test_every_part_of_a_schema_is_made_fit() -> None:
    assert narrowed(SAMPLE) == {
        "type": "object",
        "properties": {
            "試料": {"type": "string", "pattern": of_length(2, 30)},
            "measured": {"type": "string", "pattern": FORMATS["date"]},
            "values": {"type": "array", "items": {"type": "number"}, "maxItems": 64},
            "part": {"$ref": "#/$defs/part"},
        },
        "required": ["試料"],
        "additionalProperties": False,
        "$defs": {"part": {"anyOf": [{"type": "null"}, {"enum": ["head", "tail"]}]}},
    }


def test_a_text_without_bounds_stays_as_free_as_it_was() -> None:
    assert narrowed({"type": "string"}) == {"type": "string"}


def test_integers_are_named_where_they_are_few() -> None:
    schema = {"type": "integer", "minimum": 1, "maximum": 5}
    assert narrowed(schema) == {"type": "integer", "enum": [1, 2, 3, 4, 5]}
    many = {"type": "integer", "minimum": 0, "maximum": 100_000}
    assert narrowed(many) == many
    even = schema | {"multipleOf": 2}
    assert narrowed(even) == even


def test_an_object_that_says_so_may_have_other_properties() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": {"type": "integer"}}
    assert narrowed(schema)["additionalProperties"] == {"type": "integer"}


def test_a_single_part_of_all_of_is_taken_over() -> None:
    parts: dict[str, Any] = {"allOf": [{"$ref": "#/$defs/a"}], "description": "an a"}
    assert narrowed({**parts, "$defs": {"a": {"type": "null"}}})["$ref"] == "#/$defs/a"


def test_in_a_second_try_texts_are_shorter() -> None:
    schema = {"type": "string", "minLength": 10, "maxLength": 100}
    assert narrowed(schema, is_second_try=True)["pattern"] == of_length(10, 25)


def test_a_schema_that_names_itself_is_taken() -> None:
    tree = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#"}}},
    }
    assert narrowed(tree)["properties"]["children"]["items"] == {"$ref": "#"}


UNFIT: list[tuple[dict[str, Any], str]] = [
    ({"not": {}}, "/"),
    ({"properties": {"a": {"if": {}}}}, "/properties/a"),
    ({"$ref": "https://example.org/schema"}, "/$ref"),
    ({"$ref": "#/$defs/nothing"}, "/$ref"),
    ({"$ref": "#"}, "/$ref"),
    ({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}, "/$defs"),
    ({"type": "string", "pattern": "(?=a)b"}, "/pattern"),
    ({"type": "string", "pattern": "("}, "/pattern"),
    ({"type": "string", "minLength": 5, "maxLength": 4}, "/"),
    ({"type": "string", "maxLength": "many"}, "/"),
    ({"allOf": [{}, {}]}, "/allOf"),
    ({"allOf": [{"type": "null"}], "type": "string"}, "/allOf"),
    ({"anyOf": []}, "/"),
    ({"properties": [1]}, "/properties"),
    ({"items": 5}, "/items"),
]


@pytest.mark.parametrize(("schema", "place"), UNFIT)
def test_what_no_grammar_follows_is_told_with_its_place(schema: dict[str, Any], place: str) -> None:
    with pytest.raises(SchemaUnsupported, match=place.replace("$", r"\$")):
        narrowed(schema)


def test_a_schema_is_neither_deep_nor_large() -> None:
    deep: dict[str, Any] = {"type": "null"}
    for _ in range(40):
        deep = {"type": "array", "items": deep}
    large: dict[str, Any] = {"properties": {str(number): {} for number in range(3_000)}}
    for schema in (deep, large):
        with pytest.raises(SchemaUnsupported, match="too deep, or too large"):
            narrowed(schema)


@given(st.integers(0, 450), st.integers(0, 450), st.integers(0, 500))
def test_a_pattern_of_a_length_fits_texts_of_that_length_alone(
    one: int, other: int, length: int
) -> None:
    least, most = sorted((one, other))
    fits = matches(of_length(least, most), "あ" * length)
    assert fits == (least <= length <= most)


@given(st.text(max_size=12))
def test_texts_with_bounds_need_no_escapes(text: str) -> None:
    fits = matches(of_length(0, 12), text)
    assert fits == all(char not in '"\\\x7f' and char >= " " for char in text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("date", "2026-11-28"),
        ("time", "23:59:59Z"),
        ("date-time", "2026-02-28T00:00:00Z"),
        ("uuid", "12345678-1234-4123-8123-123456789abc"),
        ("email", "a@b.jp"),
        ("ipv4", "192.168.0.255"),
    ],
)
def test_what_fits_the_pattern_of_a_format_has_the_format(name: str, text: str) -> None:
    assert matches(FORMATS[name], text)
    assert fault_of(f'"{text}"', validator_of({"format": name})) is None


def test_a_pattern_of_the_callers_takes_no_longer_than_the_text_is() -> None:
    evil = validator_of({"type": "string", "pattern": "^(a+)+$"})
    assert fault_of(f'"{"a" * 50_000}b"', evil) is not None
