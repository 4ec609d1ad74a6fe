"""How the command line tells a problem: to people in both languages, to programs as JSON."""

import os
import sys
from collections.abc import Mapping
from typing import Final

from contracts.problems import Kind, Problem

_EXIT_STATUS: Final[Mapping[Kind, int]] = {
    "invalid": 2,  # as click does for wrong arguments
    "missing": 3,
    "unauthenticated": 4,
    "forbidden": 4,
    "conflict": 5,
    "too_large": 6,
    "limited": 7,
    "unavailable": 8,
}


def exit_status(problem: Problem) -> int:
    """Return the exit status for this kind of problem; 1 is left for bugs."""
    return _EXIT_STATUS[problem.body().kind]


def tell(problem: Problem, *, as_json: bool) -> None:
    """Write the problem and the next step to stderr."""
    body = problem.body()
    if as_json:
        print(body.model_dump_json(exclude_none=True), file=sys.stderr)
        return
    lines = [body.message, body.message_ja, f"→ {body.hint}"]
    if _wants_japanese():
        lines[:2] = [body.message_ja, body.message]
    print("\n".join(filter(None, lines)), file=sys.stderr)


def _wants_japanese() -> bool:
    language = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    return (language or "").startswith("ja")
