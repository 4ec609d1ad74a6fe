"""What a request says that its answer must be, and how a model server is told so."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from inference.structured.answer import Answer, Choice, Function
from inference.structured.checked import fault_of, validator_of
from inference.structured.narrowed import narrowed
from inference.structured.problems import SchemaUnsupported

_NAME: Final = "answer"
_MOST_TOOLS: Final = 128


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an answer, without anything of it."""

    reason: str
    is_cut_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What must be true of every choice of an answer."""

    schema: Mapping[str, Any] | None = None
    """Of the text; None: it is free."""
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """The schema of each tool's arguments."""
    must_call: bool = False

    def faults(self, answer: Answer) -> list[Fault]:
        """Return what is wrong with an answer; one without choices is wrong, too."""
        if not answer.choices:
            return [Fault("there is no answer in it")]
        return [fault for choice in answer.choices for fault in self._of(choice)]

    def _of(self, choice: Choice) -> Iterator[Fault]:
        message = choice.message
        if message.refusal:
            return
        is_cut_off = choice.finish_reason == "length"
        calls = message.tool_calls or []
        for call in calls:
            yield from self._of_call(call.function, is_cut_off=is_cut_off)
        if self.must_call and not calls:
            yield Fault("no tool is called", is_cut_off)
        elif self.schema is not None and not calls:
            reason = fault_of(message.content or "", validator_of(self.schema))
            if reason is not None:
                yield Fault(reason, is_cut_off)

    def _of_call(self, function: Function, *, is_cut_off: bool) -> Iterator[Fault]:
        schema = self.tools.get(function.name or "")
        if schema is None:
            yield Fault("a tool is called that there is not", is_cut_off)
            return
        reason = fault_of(function.arguments or "", validator_of(schema))
        if reason is not None:
            yield Fault(f"arguments of {function.name}: {reason}", is_cut_off)


def wanted_by(body: Mapping[str, Any]) -> Wanted | None:
    """Return what a request wants of its answer; None: nothing that could be checked.

    Raises:
        SchemaUnsupported: one of its schemas cannot be followed.
    """
    schema = _schema_in(body)
    tools = {
        str(function["name"]): _mapping(function.get("parameters") or {"type": "object"})
        for function in _functions(body)
    }
    if schema is None and not tools:
        return None
    for place, each in (("response_format", schema), *tools.items()):
        if each is not None:
            validator_of(each, place)
    choice = body.get("tool_choice")
    return Wanted(
        schema=schema, tools=tools, must_call=choice == "required" or isinstance(choice, dict)
    )


def prepared(body: Mapping[str, Any], runtime: str, *, is_second_try: bool) -> dict[str, Any]:
    """Return the request in words that the runtime keeps to: narrower schemas, strict tools.

    Raises:
        SchemaUnsupported: one of its schemas cannot be followed.
    """
    result = dict(body)
    schema = _schema_in(body)
    if schema is not None:
        own = narrowed(schema, is_second_try=is_second_try)
        result["response_format"] = _response_format(own, runtime)
    if functions := _functions(body):
        result["tools"] = [
            {"type": "function", "function": _strict(function, is_second_try=is_second_try)}
            for function in functions
        ]
    return result


def _response_format(schema: Mapping[str, Any], runtime: str) -> dict[str, Any]:
    if runtime == "llama-cpp":
        return {"type": "json_object", "schema": schema}
    described = {"name": _NAME, "schema": schema, "strict": True}
    return {"type": "json_schema", "json_schema": described}


def _strict(function: Mapping[str, Any], *, is_second_try: bool) -> dict[str, Any]:
    parameters = _mapping(function.get("parameters") or {"type": "object", "properties": {}})
    own = narrowed(parameters, is_second_try=is_second_try)
    return {**function, "parameters": own, "strict": True}


def _schema_in(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    response_format = body.get("response_format")
    if not isinstance(response_format, dict):
        return None
    asked = cast("dict[str, Any]", response_format)
    if asked.get("type") == "json_object":
        return {"type": "object"}
    if asked.get("type") != "json_schema":
        return None
    described = _mapping(asked.get("json_schema"), "response_format/json_schema")
    return _mapping(described.get("schema"), "response_format/json_schema/schema")


def _functions(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    tools = body.get("tools")
    if not isinstance(tools, list) or body.get("tool_choice") == "none":
        return []
    listed = cast("Sequence[Any]", tools)
    if len(listed) > _MOST_TOOLS:
        raise SchemaUnsupported("tools", f"there are more than {_MOST_TOOLS}")
    functions = [
        _mapping(_mapping(tool, "tools").get("function"), "tools/function") for tool in listed
    ]
    for function in functions:
        if not isinstance(function.get("name"), str):
            raise SchemaUnsupported("tools/function", "it has no name")
    return functions


def _mapping(value: object, place: str = "") -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise SchemaUnsupported(place, "it is no JSON object")
    return cast("dict[str, Any]", value)
