"""`fumikura serve` as a process of its own, for tests."""

import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    process: "subprocess.Popen[str]"
    url: str
    first_key: str | None


@contextmanager
def serving(*options: str, command: str = "serve") -> Generator[Service]:
    """Start the service and wait until it serves; stop it as an operator does."""
    port = () if "--port" in options else ("--port", "0")
    command_line = [sys.executable, "-m", "service.cli.main", command, *options, *port]
    with subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True) as process:
        try:
            greeting = _greeting(process)
            url = re.search(r"http://\S+", greeting)
            assert url is not None, greeting
            key = re.search(r"^fmk_\w+$", greeting, re.MULTILINE)
            yield Service(process, url[0], key and key[0])
        finally:
            process.terminate()


def _greeting(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Stop with"):
            break
    return "".join(lines)
