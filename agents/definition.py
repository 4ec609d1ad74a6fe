"""What an agent is: one definition, from which REST, MCP and the command line are made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from agents.ports import AgentPorts
from contracts.principal import Scope

RequestT = TypeVar("RequestT", bound=BaseModel)
AnswerT = TypeVar("AnswerT", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDefinition(Generic[RequestT, AnswerT]):
    """An agent as every surface shows it.

    `build` returns a compiled LangGraph graph that takes the state `{"request": RequestT}` and
    ends with `{"answer": AnswerT}`; progress goes out as custom stream events, each a dict with
    `message`, `done` and `total`.
    """

    name: str
    title_en: str
    title_ja: str
    summary: str
    """When to use it and when not, for people and for assistants."""
    request: type[RequestT]
    answer: type[AnswerT]
    example: RequestT
    build: Callable[[AgentPorts], Any]
    render: Callable[[AnswerT], str]
    """The answer as text, for terminals and for a model's eyes."""
    scope: Scope = "agents"
