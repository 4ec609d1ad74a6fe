"""The command answers at once: what is heavy is loaded by the command that needs it."""

import subprocess
import sys

HEAVY = {"pydantic", "rich", "fastapi", "sqlalchemy", "torch", "langgraph", "mcp", "qdrant_client"}
PROGRAM = """
import sys
from service.cli.main import main
try:
    main(["--help"])
except SystemExit:
    print(*sorted(set(sys.modules) & set(sys.argv[1:])), file=sys.stderr)
"""


def test_help_loads_nothing_heavy() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *HEAVY], capture_output=True, text=True, check=True
    )
    assert "Ask your own research data" in ran.stdout
    assert ran.stderr.split() == []
