"""A project of GakuNin RDM for tests of the command line: a folder behind the stand-in."""

import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

NODE = "demo1"
TOKEN = "demo-token"


@contextmanager
def served(folder: Path) -> Generator[dict[str, str]]:
    """Start `fumikura dev rdm-standin` and give the settings that it prints."""
    command = [sys.executable, "-m", "service.cli.main", "dev", "rdm-standin", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield dict(_printed_settings(process))
        finally:
            process.terminate()


def _printed_settings(process: "subprocess.Popen[str]") -> Generator[tuple[str, str]]:
    assert process.stdout is not None
    for line in process.stdout:
        if setting := re.fullmatch(r"export (\w+)=(.*)\n", line):
            yield setting[1], setting[2]
        if line.startswith("fumikura index"):
            return
