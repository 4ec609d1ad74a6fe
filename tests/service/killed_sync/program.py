"""A program that syncs, each time in a new process, which it kills where it was told to.

It loads what a sync needs once, and has no thread and nothing open when it forks: so a fork of it
is a process that has just started, without the seconds that loading takes. It reads an `Order` in
each line, and writes an `Outcome` in a line, until it is told no more.
"""

import asyncio
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from pydantic import BaseModel, SecretStr

from connectors.rdm.client import open_rdm
from connectors.rdm.settings import PRESETS, RdmSettings
from service.records.database import open_database
from tests.service.killed_sync.syncing import database_url, sync


class KillPoint(BaseModel, frozen=True):
    """Where a process dies: as it begins its `step`-th write, or so long after it has said so."""

    step: int
    delay_s: float | None
    """None: before anything of that write is done."""


class Order(BaseModel, frozen=True):
    home: Path
    rdm: RdmSettings
    token: str
    kill: KillPoint | None = None


class Outcome(BaseModel, frozen=True):
    was_killed: bool
    steps: list[str]
    """What it said; the last one of a process that ended is the status of its job."""


async def _load() -> None:
    """Use for once what loads a part of itself only then; the store would leave threads behind."""
    with TemporaryDirectory() as folder:
        async with open_database(database_url(Path(folder))), open_rdm(PRESETS["rdm"], "rdm"):
            pass


def _serve() -> None:
    for line in sys.stdin:
        sys.stdout.write(f"{_outcome(Order.model_validate_json(line)).model_dump_json()}\n")
        sys.stdout.flush()


def _outcome(order: Order) -> Outcome:
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208 - names are enough
        raise RuntimeError("a fork of a process with threads is not like a new one")
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _run(order, writing)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as said:
        steps: list[str] = []
        for line in said:
            steps.append(line.strip())
            if order.kill and order.kill.delay_s and len(steps) == order.kill.step:
                time.sleep(order.kill.delay_s)
                os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return Outcome(was_killed=os.WIFSIGNALED(status), steps=steps)


def _run(order: Order, writing: int) -> NoReturn:
    """Be the new process: sync, say how it ended, and leave without what the old one would do.

    What goes wrong rises, and ends this process too.
    """
    settings = order.rdm.model_copy(update={"token": SecretStr(order.token)})
    dies_at = order.kill.step if order.kill and order.kill.delay_s is None else None
    voice = _Voice(writing, dies_at)
    job = asyncio.run(sync(order.home, settings, voice.say))
    stale = [] if job.report is None else job.report.stale
    voice.say(f"{job.status} {stale or job.error or ''}".strip())
    os._exit(0)


@dataclass
class _Voice:
    writing: int
    dies_at: int | None
    said: int = 0

    def say(self, step: str) -> None:
        os.write(self.writing, f"{step}\n".encode())
        self.said += 1
        if self.said == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(_load())
    _serve()
