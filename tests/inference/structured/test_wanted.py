"""What a request wants of its answer, how a server is told, and what is found wrong."""

from typing import Any

import pytest

from inference.structured.answer import Answer, Choice, Function, Message, ToolCall
from inference.structured.problems import SchemaUnsupported
from inference.structured.wanted import Fault, Wanted, prepared, wanted_by

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
TOOL = {"type": "function", "function": {"name": "weigh", "parameters": SCHEMA}}
STRICT = {**SCHEMA, "additionalProperties": False}


def wanted(**body: object) -> Wanted:
    found = wanted_by(body)
    assert found is not None
    return found


def said(content: str | None, *calls: tuple[str, str], end: str = "stop") -> Answer:
    made = [ToolCall(function=Function(name, arguments)) for name, arguments in calls]
    message = Message(content=content, tool_calls=made or None)
    return Answer(choices=[Choice(message=message, finish_reason=end)])


def test_a_request_without_schemas_wants_nothing() -> None:
    assert wanted_by({}) is None
    assert wanted_by({"response_format": {"type": "text"}, "tools": []}) is None
    assert wanted_by({"tools": [TOOL], "tool_choice": "none"}) is None


def test_a_server_is_told_strictly() -> None:
    told = prepared({"response_format": FORMAT, "tools": [TOOL]}, "vllm", is_second_try=False)
    assert told["response_format"]["json_schema"] == {
        "name": "answer",
        "schema": STRICT,
        "strict": True,
    }
    assert told["tools"][0]["function"] == {"name": "weigh", "parameters": STRICT, "strict": True}


def test_llama_cpp_is_told_in_its_own_words() -> None:
    told = prepared({"response_format": FORMAT}, "llama-cpp", is_second_try=False)
    assert told["response_format"] == {"type": "json_object", "schema": STRICT}


def test_any_json_object_is_asked_for_as_a_schema() -> None:
    told = prepared({"response_format": {"type": "json_object"}}, "vllm", is_second_try=False)
    assert told["response_format"]["json_schema"]["schema"] == {"type": "object"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"a": 1}', None),
        ('{"a": 1, "b": 2}', None),
        ('{"a": "1"}', "/a does not keep to 'type'"),
        ("{}", "/ does not keep to 'required'"),
        ('{"a": 1} and more', "it is no JSON"),
        ('{"a": NaN}', "it is no JSON"),
        ('{"a": 1, "a": 2}', "an object has a name twice"),
        ("[" * 5_000, "it is no JSON"),
        (None, "it is no JSON"),
    ],
)
def test_a_text_is_checked_against_the_callers_schema(
    content: str | None, reason: str | None
) -> None:
    expected = [] if reason is None else [Fault(reason)]
    assert wanted(response_format=FORMAT).faults(said(content)) == expected


def test_an_answer_that_was_cut_off_is_told_as_such() -> None:
    [fault] = wanted(response_format=FORMAT).faults(said('{"a": ', end="length"))
    assert fault.is_cut_off


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (("weigh", '{"a": 1}'), None),
        (("weigh", '{"a": null}'), "arguments of weigh: /a does not keep to 'type'"),
        (("weigh", ""), "arguments of weigh: it is no JSON"),
        (("fly", "{}"), "a tool is called that there is not"),
    ],
)
def test_calls_of_tools_are_checked(call: tuple[str, str], reason: str | None) -> None:
    faults = wanted(tools=[TOOL]).faults(said(None, call))
    assert [fault.reason for fault in faults] == ([] if reason is None else [reason])


def test_a_call_that_is_required_must_be_there() -> None:
    assert wanted(tools=[TOOL]).faults(said("free text")) == []
    [fault] = wanted(tools=[TOOL], tool_choice="required").faults(said("free text"))
    assert fault.reason == "no tool is called"


def test_who_refuses_to_answer_is_left_in_peace() -> None:
    refusal = Answer(choices=[Choice(message=Message(refusal="いいえ"))])
    assert wanted(response_format=FORMAT).faults(refusal) == []


def test_an_answer_without_answers_is_wrong() -> None:
    assert wanted(response_format=FORMAT).faults(Answer()) != []


UNFIT: list[dict[str, Any]] = [
    {"response_format": {"type": "json_schema"}},
    {"response_format": {"type": "json_schema", "json_schema": {"schema": []}}},
    {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": 5}}}},
    {"tools": ["weigh"]},
    {"tools": [{"type": "function", "function": {}}]},
    {"tools": [{"type": "function", "function": {"name": "x", "parameters": {"type": 5}}}]},
    {"tools": [TOOL] * 129},
]


@pytest.mark.parametrize("body", UNFIT)
def test_what_is_no_schema_is_told(body: dict[str, Any]) -> None:
    with pytest.raises(SchemaUnsupported):
        wanted_by(body)
