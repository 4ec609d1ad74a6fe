import re
import subprocess
import sys
from typing import Any

import pytest
from pydantic import BaseModel

from agents.definition import AgentDefinition
from agents.problems import AgentUnknown
from agents.registry import AGENTS, find_agent

every_agent = pytest.mark.parametrize("definition", AGENTS.values(), ids=AGENTS)


@every_agent
def test_an_agent_is_found_by_its_name(definition: AgentDefinition[Any, Any]) -> None:
    assert find_agent(definition.name) is definition


@every_agent
def test_a_name_is_in_snake_case(definition: AgentDefinition[Any, Any]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", definition.name)


@every_agent
def test_an_agent_says_in_words_what_it_is_for(definition: AgentDefinition[Any, Any]) -> None:
    assert definition.title_en
    assert definition.title_ja
    assert len(definition.summary) > 80


@every_agent
def test_the_example_survives_the_way_over_the_wire(
    definition: AgentDefinition[Any, Any],
) -> None:
    sent = definition.example.model_dump_json()
    assert definition.request.model_validate_json(sent) == definition.example


@every_agent
def test_every_field_of_request_and_answer_is_described(
    definition: AgentDefinition[Any, Any],
) -> None:
    assert _undescribed(definition.request) + _undescribed(definition.answer) == []


def test_an_unknown_agent_is_told_with_the_nearest_name() -> None:
    with pytest.raises(AgentUnknown) as caught:
        find_agent("check_sample")
    assert "check_sample_quality" in caught.value.hint


def test_far_from_any_name_all_of_them_are_told() -> None:
    with pytest.raises(AgentUnknown) as caught:
        find_agent("zzz")
    assert all(name in caught.value.hint for name in AGENTS)


def test_the_registry_loads_no_graph_library_and_no_yaml() -> None:
    program = (
        "import sys, agents.registry;"
        "print([name for name in ('langgraph', 'langsmith', 'yaml') if name in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def _undescribed(model: type[BaseModel]) -> list[str]:
    """Return the fields without a description, in the model and in the models it is made of."""
    schema = model.model_json_schema()
    parts = {model.__name__: schema, **schema.get("$defs", {})}
    return [
        f"{part}.{field}"
        for part, body in parts.items()
        for field, spec in body.get("properties", {}).items()
        if not spec.get("description")
    ]
