"""Run the shipped command line as people do, and take its time."""

import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from agents.sources import SourceStatus
from rag.models import IndexReport

_COMMAND: Final = (sys.executable, "-m", "service.cli.main")


@dataclass(frozen=True, slots=True)
class Run:
    """What a command printed, and what it took from its start to its end."""

    out: str
    wall_s: float
    cpu_s: float
    """User and system time of the process and its children."""


@dataclass(frozen=True, slots=True)
class Product:
    """An installation with a data folder of its own."""

    settings: Mapping[str, str]

    @classmethod
    def at(cls, data_folder: Path, settings: Mapping[str, str]) -> "Product":
        """Return an installation that has indexed nothing yet."""
        return cls({**settings, "FUMIKURA_DATA_FOLDER": str(data_folder)})

    def index(self, place: str) -> tuple[IndexReport, Run]:
        """Make a place a source and sync it for the first time.

        Raises:
            CalledProcessError: it failed as a whole; why was written to the standard error.
        """
        return self._synced("index", place)

    def sync(self, source_id: str) -> tuple[IndexReport, Run]:
        """Sync a source once more.

        Raises:
            CalledProcessError: it failed as a whole; why was written to the standard error.
        """
        return self._synced("sources", "sync", source_id)

    def last_sync_s(self, source_id: str) -> tuple[float, Run]:
        """Return how long the last sync took by the clock, without the start of its process.

        And the command that told it, which does little else than to start.

        Raises:
            CalledProcessError: there is no such source.
        """
        run = self._run("sources", "status", source_id, "--json")
        job = SourceStatus.model_validate_json(run.out).last_job
        if job is None or job.finished_at is None:
            raise ValueError(f"{source_id} was never synced to an end")
        return (job.finished_at - job.created_at).total_seconds(), run

    def _synced(self, *arguments: str) -> tuple[IndexReport, Run]:
        run = self._run(*arguments, "--json")
        return IndexReport.model_validate_json(run.out), run

    def _run(self, *arguments: str) -> Run:
        environment = {**_own_environment(), **self.settings}
        cpu_before, begun = _cpu_of_children_s(), perf_counter()
        ran = subprocess.run(  # noqa: S603 - this project's own program
            [*_COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
        wall_s = perf_counter() - begun
        return Run(ran.stdout, wall_s, _cpu_of_children_s() - cpu_before)


def _own_environment() -> dict[str, str]:
    """Return the environment without what would lead to another service or another RDM."""
    meant = ("FUMIKURA_", "RDM_")
    return {name: value for name, value in os.environ.items() if not name.startswith(meant)}


def _cpu_of_children_s() -> float:
    """Return the CPU time of the children that have ended; one that still runs counts later."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
