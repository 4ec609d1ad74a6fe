"""A program that does its work each time in a new process, which it kills where it was told to.

It loads what the work needs once, and has no thread and nothing open when it forks: so a fork of it
is a process that has just started, without the seconds that loading takes. It reads an order in
each line, and writes an `Outcome` in a line, until it is told no more.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel

LONGEST_DELAY_S = 0.02
Say = Callable[[str], None]


class KillPoint(BaseModel, frozen=True):
    """Where a process dies: as it begins its `step`-th write, or so long after it has said so."""

    step: int
    delay_s: float | None
    """None: before anything of that write is done."""


class KillableOrder(BaseModel, frozen=True):
    """What to do, and where to die of it."""

    kill: KillPoint | None = None


class Outcome(BaseModel, frozen=True):
    was_killed: bool
    steps: list[str]
    """What it said; the last one of a process that ended is what its work returned."""


OrderT = TypeVar("OrderT", bound=KillableOrder)


def kill_points(count: int, steps: int, *, seed: int) -> list[KillPoint]:
    """Return where to kill: somewhere in each of so many equal stretches of the writes.

    By turns before a write, and in it or soon after it.
    """
    chance = Random(seed)  # noqa: S311 - where to kill, not a secret
    return [
        KillPoint(
            step=1 + int((number + chance.random()) * (steps - 1) / count),
            delay_s=chance.uniform(0.0001, LONGEST_DELAY_S) if number % 2 else None,
        )
        for number in range(count)
    ]


def serve(orders: type[OrderT], work: Callable[[OrderT, Say], Coroutine[Any, Any, str]]) -> None:
    """Do the work of each order in a process of its own."""
    for line in sys.stdin:
        outcome = _outcome(orders.model_validate_json(line), work)
        sys.stdout.write(f"{outcome.model_dump_json()}\n")
        sys.stdout.flush()


def _outcome(order: OrderT, work: Callable[[OrderT, Say], Coroutine[Any, Any, str]]) -> Outcome:
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208 - names are enough
        raise RuntimeError("a fork of a process with threads is not like a new one")
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        os.close(reading)
        _run(order, work, writing)
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


def _run(
    order: OrderT, work: Callable[[OrderT, Say], Coroutine[Any, Any, str]], writing: int
) -> NoReturn:
    """Be the new process: work, say what came of it, and leave without what the old one would do.

    What goes wrong rises, and ends this process too.
    """
    dies_at = order.kill.step if order.kill and order.kill.delay_s is None else None
    voice = _Voice(writing, dies_at)
    voice.say(asyncio.run(work(order, voice.say)))
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
