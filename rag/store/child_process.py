"""A program of ours that works for this process, and does not outlive it."""

import ctypes
import os
import signal
import sys
from typing import Final

_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of prctl(2)


def program(module: str, *arguments: object) -> list[str]:
    """Return the command that runs a module of ours, told who its parent is."""
    return [sys.executable, "-P", "-m", module, *map(str, arguments), str(os.getpid())]


def die_with_parent() -> None:
    """Leave nothing running that writes where the next process tidies up. Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != int(sys.argv[-1]):  # it died before
        sys.exit(1)
