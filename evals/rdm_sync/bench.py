"""Sync what the stand-in serves, and count and time it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from evals.rdm_sync.files import write_texts
from evals.rdm_sync.product import Product, Run
from evals.rdm_sync.stand_in import Asked, StandIn, served
from rag.models import IndexReport

MOST_CALLS_WITH_LOGS_UNKNOWN: Final = 105
MOST_CALLS_WITH_LOGS_KNOWN: Final = 3
MOST_CPU_S: Final = 3.0
MOST_OVERHEAD: Final = 0.15
_FOLDERS: Final = 100
_NO_MODEL: Final = {"FUMIKURA_EMBEDDING__KIND": "hash"}


@dataclass(frozen=True, slots=True)
class Sync:
    """One sync of a project: what was asked of RDM, what it found, what the command took."""

    asked: Asked
    seen: int
    read: int
    failed: int
    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """A project that is synced for the first time, then twice more though nothing has changed."""

    first: Sync
    logs_unknown: Sync
    """Something was logged that changed no file."""
    logs_known: Sync

    @property
    def misses(self) -> list[str]:
        """Say which figures are over their limits."""
        unknown, known = self.logs_unknown, self.logs_known
        limits: dict[str, tuple[float, float]] = {
            "files not read at first": (self.first.seen - self.first.read + self.first.failed, 0),
            "calls with logs unknown": (unknown.asked.calls, MOST_CALLS_WITH_LOGS_UNKNOWN),
            "calls with logs known": (known.asked.calls, MOST_CALLS_WITH_LOGS_KNOWN),
            "downloads": (unknown.asked.downloads + known.asked.downloads, 0),
            "CPU seconds with logs unknown": (unknown.cpu_s, MOST_CPU_S),
            "CPU seconds with logs known": (known.cpu_s, MOST_CPU_S),
        }
        return [
            f"{name}: {figure:g} > {most:g}"
            for name, (figure, most) in limits.items()
            if figure > most
        ]


@dataclass(frozen=True, slots=True)
class FirstSync:
    """What a first sync took, without the start of its process."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Round:
    """First syncs of the same files, one after the other."""

    folder: FirstSync
    rdm: FirstSync

    @property
    def overhead(self) -> float:
        """Return the part by which RDM takes longer than a folder, by the clock."""
        return self.rdm.wall_s / self.folder.wall_s - 1

    @property
    def cpu_overhead(self) -> float:
        """Return it in CPU time, which other work on the machine changes less."""
        return self.rdm.cpu_s / self.folder.cpu_s - 1


@dataclass(frozen=True, slots=True)
class FirstSyncs:
    """Rounds with the embedding model that the product brings along."""

    rounds: tuple[Round, ...]

    @property
    def overhead(self) -> float:
        """Return the median over the rounds: in each, both had the machine under one load."""
        return median(each.overhead for each in self.rounds)

    @property
    def cpu_overhead(self) -> float:
        """Return the median over the rounds."""
        return median(each.cpu_overhead for each in self.rounds)

    @property
    def misses(self) -> list[str]:
        """Say which figures are over their limits."""
        overheads = {"overhead": self.overhead, "overhead in CPU time": self.cpu_overhead}
        return [
            f"{name}: {part:.1%} > {MOST_OVERHEAD:.0%}"
            for name, part in overheads.items()
            if part > MOST_OVERHEAD
        ]


def sync_unchanged(home: Path, *, files: int) -> Unchanged:
    """Sync one-sentence files in 100 folders, with an embedder that costs next to nothing."""
    write_texts(home / "files", files=files, folders=_FOLDERS, sentences=1)
    with served(home / "files") as rdm:
        product = Product.at(home / "data", {**rdm.settings, **_NO_MODEL})
        first = _sync(product.index(_place(rdm.settings)), rdm)
        source_id = f"rdm-{rdm.settings['RDM_NODE_ID']}"
        rdm.write_log()
        logs_unknown = _sync(product.sync(source_id), rdm)
        logs_known = _sync(product.sync(source_id), rdm)
        return Unchanged(first=first, logs_unknown=logs_unknown, logs_known=logs_known)


def sync_first(home: Path, *, files: int, rounds: int) -> FirstSyncs:
    """Sync files of a passage each, as a folder and as a project of RDM, in turns."""
    write_texts(home / "files", files=files, folders=_FOLDERS, sentences=4)
    with served(home / "files") as rdm:
        return FirstSyncs(tuple(_round(home, rdm.settings, number) for number in range(rounds)))


def _sync(ended: tuple[IndexReport, Run], rdm: StandIn) -> Sync:
    report, run = ended
    return Sync(
        asked=rdm.asked(),
        seen=report.seen,
        read=report.done,
        failed=report.failed,
        wall_s=run.wall_s,
        cpu_s=run.cpu_s,
    )


def _round(home: Path, settings: Mapping[str, str], number: int) -> Round:
    """Take turns in who is first: what comes second finds the files in memory."""
    places = {"folder": str(home / "files"), "rdm": _place(settings)}
    took = {
        kind: _first_sync(Product.at(home / f"{kind}-{number}", settings), places[kind])
        for kind in sorted(places, reverse=number % 2 == 1)
    }
    return Round(folder=took["folder"], rdm=took["rdm"])


def _first_sync(product: Product, place: str) -> FirstSync:
    report, run = product.index(place)
    if report.failed or report.stale or report.done != report.seen:
        raise ValueError(f"not a whole first sync: {report!r}")
    wall_s, start = product.last_sync_s(report.project_id)
    return FirstSync(wall_s=wall_s, cpu_s=run.cpu_s - start.cpu_s)


def _place(settings: Mapping[str, str]) -> str:
    return f"rdm:{settings['RDM_NODE_ID']}"
