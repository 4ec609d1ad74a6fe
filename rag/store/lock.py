"""One process per store folder: a lock that the kernel drops when its holder dies."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from rag.problems import StoreLocked

_LOCK_NAME = ".lock"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a store; `pid` is None where that is not known."""

    pid: int | None

    @property
    def title(self) -> str:
        """Name it in a message."""
        return "another process" if self.pid is None else f"process {self.pid}"


class FolderLock:
    """Held from construction to the last `release`, or to the end of the process, however it ends.

    Several collections of one folder can be open in one process: each holds a share of the lock.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock of `folder`, which must exist.

        Raises:
            StoreLocked: someone else holds it; names the process where that is known.
        """
        path = folder / _LOCK_NAME
        self._shares = 1
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _noted(self._descriptor)
            os.close(self._descriptor)
            raise StoreLocked(str(folder), pid=holder.pid) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode("ascii"), 0)

    def share(self) -> Self:
        """Return it for one holder more, who releases it too."""
        self._shares += 1
        return self

    def release(self) -> None:
        """Give back a share; after the last one, the next process is let in."""
        self._shares -= 1
        if self._shares == 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)


def engine_lock(folder: Path, collection: str) -> Path:
    """Return the file that the engine of a collection locks, apart from its service."""
    return folder / f".{collection}.lock"


def holder_of(folder: Path) -> Holder | None:
    """Return who holds a store; None where nobody does, or there is none. Nothing is changed."""
    try:
        descriptor = os.open(folder / _LOCK_NAME, os.O_RDONLY)
    except OSError:  # not there, or not for this user: who opens the store is told
        return None
    try:
        # Shared, and given back at once: it is in nobody's way but who starts in this very moment.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _noted(descriptor)
    finally:
        os.close(descriptor)
    return None


def _noted(descriptor: int) -> Holder:
    holder = os.pread(descriptor, 32, 0).decode("ascii", errors="ignore")
    return Holder(int(holder) if holder.isdigit() else None)
