import os
import sys
from pathlib import Path

import pytest

from mcp_server.client import call_tool
from mcp_server.problems import CallRefused
from mcp_server.tools import TOOLS

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}


def _program(folder: Path) -> list[str]:
    return [sys.executable, "-m", "tests.mcp_server.stdio_program", str(folder)]


async def test_a_call_brings_the_names_of_all_tools_and_the_answer(tmp_path: Path) -> None:
    arguments = {"query": "溶体化処理の温度", "limit": 1}
    called = await call_tool(_program(tmp_path), ENVIRONMENT, name="search", arguments=arguments)
    assert called.tools == tuple(TOOLS)
    assert called.text.startswith('<passage number="1" project="alloy" from="notes.pdf, p. 1"')


async def test_a_refused_call_raises_what_the_tool_said(tmp_path: Path) -> None:
    with pytest.raises(CallRefused, match="invalid_request: query: Field required"):
        await call_tool(_program(tmp_path), ENVIRONMENT, name="search", arguments={})
