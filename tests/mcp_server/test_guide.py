"""docs/mcp.md tells of the tools that there are."""

import json
import re
from pathlib import Path

from mcp_server.tools import TOOLS

GUIDE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text(encoding="utf-8")


def test_the_guide_lists_every_tool_with_its_scope() -> None:
    rows = re.findall(r"^\| `(\w+)` \|.*\| `(\w+)` \|$", GUIDE, re.MULTILINE)
    assert dict(rows) == {tool.name: tool.scope for tool in TOOLS.values()}


def test_the_configurations_of_the_guide_are_json_of_one_server() -> None:
    blocks = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert [list(json.loads(block)["mcpServers"]) for block in blocks] == [["fumikura"]] * 2
