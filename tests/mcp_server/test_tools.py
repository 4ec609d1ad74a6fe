import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest

from agents.registry import AGENTS
from contracts.principal import ALL_SCOPES
from mcp_server.schemas import input_schema, output_schema
from mcp_server.tools import TOOLS, ToolDefinition

Tool = ToolDefinition[Any, Any]
Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | None"
LIMITS = {"string": "maxLength", "array": "maxItems", "object": "maxProperties"}
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
each_tool = pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))


def _unbounded(schema: Json, place: str = "") -> Iterator[str]:
    """Yield where a caller could send text, a list or a mapping of any size."""
    if isinstance(schema, list):
        for each in schema:
            yield from _unbounded(each, place)
    elif isinstance(schema, dict):
        limit = LIMITS.get(str(schema.get("type")))
        closed = {"enum", "const"} & schema.keys() or schema.get("additionalProperties") is False
        if limit is not None and limit not in schema and not closed:
            yield place
        for name in schema.keys() - {"examples", "default"}:
            yield from _unbounded(schema[name], f"{place}/{name}")


def test_every_agent_is_a_tool() -> None:
    own = ["list_projects", "search", "read", "ask", "sync_source", "source_status"]
    assert list(TOOLS) == [*own, *AGENTS]


@each_tool
def test_a_tool_declares_the_scope_that_its_caller_needs(tool: Tool) -> None:
    assert tool.scope in ALL_SCOPES


@each_tool
def test_a_tool_has_titles_in_both_languages(tool: Tool) -> None:
    assert not JAPANESE.search(tool.title_en)
    assert JAPANESE.search(tool.title_ja)
    assert len(tool.title) <= 80


@each_tool
def test_a_tool_says_what_it_is_for_and_what_not_in_few_words(tool: Tool) -> None:
    assert re.search(r"\b(?:Use it|To find)\b", tool.description)
    assert re.search(r"\b(?:not|To find|to write)\b", tool.description, re.IGNORECASE)
    assert len(tool.description) <= 600


@each_tool
def test_a_tool_has_schemas_of_objects_for_both_ways(tool: Tool) -> None:
    asked, answered = input_schema(tool.request), output_schema(tool.answer)
    assert (asked["type"], answered["type"]) == ("object", "object")
    assert asked["additionalProperties"] is False
    assert list(answered["properties"]) == list(tool.answer.model_fields)


@each_tool
def test_whatever_a_tool_takes_is_bounded(tool: Tool) -> None:
    assert list(_unbounded(input_schema(tool.request))) == []


@each_tool
def test_one_tool_changes_the_index_and_asks_outside_the_others_do_neither(tool: Tool) -> None:
    syncs = tool.name == "sync_source"
    assert (tool.read_only, tool.idempotent, tool.open_world) == (not syncs, True, syncs)


@each_tool
def test_the_schema_of_an_answer_names_every_field_and_explains_none(tool: Tool) -> None:
    described = tool.answer.model_json_schema(mode="serialization")
    short = output_schema(tool.answer)
    assert short["$defs"].keys() == described["$defs"].keys()
    for name, definition in described["$defs"].items():
        assert short["$defs"][name].get("properties", {}).keys() == (
            definition.get("properties", {}).keys()
        )
    assert not list(_explanations(list(short["properties"].values())))


def _explanations(schema: Json) -> Iterator[str]:
    """Yield every description in a schema, but for what properties of that name hold."""
    if isinstance(schema, list):
        for each in schema:
            yield from _explanations(each)
    elif isinstance(schema, dict):
        if isinstance(described := schema.get("description"), str):
            yield described
        yield from _explanations(list(schema.values()))


def test_reading_the_table_loads_neither_the_protocol_nor_langgraph() -> None:
    program = "import sys, mcp_server.tools; sys.exit(bool({'mcp', 'langgraph'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
