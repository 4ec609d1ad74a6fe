"""Start the stand-in for RDM in a process of its own: its work must not count as ours."""

import json
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal


@dataclass(frozen=True, slots=True)
class Asked:
    """How often the stand-in was asked."""

    api: int
    """Requests to the API and the web server."""
    listings: int
    """Folders that the file server listed."""
    downloads: int

    @property
    def calls(self) -> int:
        return self.api + self.listings + self.downloads


@dataclass(frozen=True, slots=True)
class StandIn:
    """A served folder."""

    settings: Mapping[str, str]
    """Environment variables that lead a process of ours there."""
    orders: IO[str]
    answers: IO[str]

    def asked(self) -> Asked:
        """Return how often it was asked since the last time."""
        return self._order("asked")

    def write_log(self) -> None:
        """Make the newest log another one, though no file has changed."""
        self._order("log")

    def _order(self, order: Literal["asked", "log"]) -> Asked:
        self.orders.write(f"{order}\n")
        self.orders.flush()
        return Asked(**json.loads(self.answers.readline()))


@contextmanager
def served(folder: Path) -> Generator[StandIn]:
    """Serve a folder until the block ends; needs a clone of the source."""
    command = [sys.executable, "-m", "evals.rdm_sync.stand_in_program", str(folder)]
    with subprocess.Popen(  # noqa: S603 - a program of ours
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("both are pipes")
        yield StandIn(json.loads(process.stdout.readline()), process.stdin, process.stdout)
