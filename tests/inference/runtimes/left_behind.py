"""Which processes still work, and waiting for another process to do something."""

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path


def group(leader: int) -> list[int]:
    """Return the processes of a group."""
    found: list[int] = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with suppress(ProcessLookupError):  # it has just ended
                if os.getpgid(int(path.name)) == leader:
                    found.append(int(path.name))
    return found


async def all_gone(pids: Iterable[int]) -> None:
    """Return when none works; a test that waits for ever fails."""
    left = list(pids)
    await until(lambda: not any(map(_is_alive, left)))


async def until(told: Callable[[], bool]) -> None:
    """Return when it is so."""
    async with asyncio.timeout(20):
        while True:
            if told():
                return
            await asyncio.sleep(0.01)


def _is_alive(pid: int) -> bool:
    """Tell whether a process works; one that nobody has buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
