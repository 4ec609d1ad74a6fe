"""An answer of `/v1/chat/completions`, as far as it is looked at."""

from typing import Any

import msgspec


class Function(msgspec.Struct, omit_defaults=True):
    """What a model calls, and with which arguments, as JSON in a text."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct):
    """A call that the caller is to make."""

    id: str | None = None
    type: str = "function"
    function: Function = msgspec.field(default_factory=Function)


class Message(msgspec.Struct, omit_defaults=True):
    """What a model wrote."""

    role: str | None = None
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ToolCall] | None = None


class Choice(msgspec.Struct):
    """One of the answers."""

    index: int = 0
    message: Message = msgspec.field(default_factory=Message)
    finish_reason: str | None = None


class Answer(msgspec.Struct):
    """The answers to one request."""

    id: str | None = None
    created: int | None = None
    model: str | None = None
    choices: list[Choice] = msgspec.field(default_factory=list[Choice])
    usage: Any = None
