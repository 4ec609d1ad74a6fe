"""Every agent, by name: what REST, MCP and the command line loop over."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from agents.check_sample_quality.definition import DEFINITION as CHECK_SAMPLE_QUALITY
from agents.definition import AgentDefinition
from agents.explain_vedic.definition import DEFINITION as EXPLAIN_VEDIC
from agents.problems import AgentUnknown

_IN_ORDER: tuple[AgentDefinition[Any, Any], ...] = (CHECK_SAMPLE_QUALITY, EXPLAIN_VEDIC)

AGENTS: Mapping[str, AgentDefinition[Any, Any]] = MappingProxyType(
    {definition.name: definition for definition in _IN_ORDER}
)


def find_agent(name: str) -> AgentDefinition[Any, Any]:
    """Return the agent of this name.

    Raises:
        AgentUnknown: there is none; its hint names the nearest.
    """
    if definition := AGENTS.get(name):
        return definition
    raise AgentUnknown(name, known=AGENTS)
