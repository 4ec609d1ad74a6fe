"""One process per store folder: a lock that the kernel drops when its holder dies."""

import fcntl
import os
from pathlib import Path

from rag.problems import StoreLocked

_LOCK_NAME = ".lock"


class FolderLock:
    """Held from construction to `release`, or to the end of the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take the lock of `folder`, which must exist.

        Raises:
            StoreLocked: someone else holds it; names the process where that is known.
        """
        path = folder / _LOCK_NAME
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 32, 0).decode("ascii", errors="ignore")
            os.close(self._descriptor)
            raise StoreLocked(str(folder), pid=int(holder) if holder.isdigit() else None) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode("ascii"), 0)

    def release(self) -> None:
        """Let the next process in."""
        os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
