"""Keep a model server: `python -P -m inference.runtimes.guardian`, told on its standard input.

The server has a session of its own, its output goes to a log of bounded size, and it ends with
whoever holds the other end of the input, however that ended. Only the standard library: this
process is small beside every server, and starts at once.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Any, Final

_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
_BLOCK: Final = 65_536
_LAST_OUTPUT_S: Final = 2.0
NOT_STARTED: Final = 127


class BoundedLog:
    """A file, and the one before it: together never larger than twice the bound."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        self._path = path
        self._most = most_bytes
        self._file = self._opened()
        self._size = os.fstat(self._file).st_size

    def write(self, data: bytes) -> None:
        """Append; what a full disk does not take is lost, since the server must not wait for it."""
        with suppress(OSError):
            if self._size + len(data) > self._most:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
                os.close(self._file)
                self._file, self._size = self._opened(), 0
            self._size += os.write(self._file, data)

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def main() -> None:
    """Start the server that the first line of input describes; exit as it did."""
    job = json.loads(sys.stdin.buffer.readline())
    log = BoundedLog(Path(job["log"]), job["log_bytes"])
    try:
        server = _started(job)
    except OSError as error:
        log.write(f"{job['command'][0]}: {error.strerror}\n".encode())
        sys.exit(NOT_STARTED)
    signal.signal(signal.SIGTERM, _passed_to(server))
    Thread(target=_end_without_owner, args=(server.pid,), daemon=True).start()
    copying = Thread(target=_copy, args=(server, log), daemon=True)
    copying.start()
    print(server.pid, flush=True)  # noqa: T201 - whoever started us reads it
    code = server.wait()
    _kill_group(server.pid)  # engines of a server that crashed hold the GPU
    copying.join(_LAST_OUTPUT_S)
    os._exit(128 - code if code < 0 else code)


def _started(job: Mapping[str, Any]) -> subprocess.Popen[bytes]:
    libc = ctypes.CDLL(None)

    def die_with_guardian() -> None:
        if sys.platform == "linux":
            libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)

    return subprocess.Popen(  # noqa: S603 - no shell; the command is an adapter's
        job["command"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=job["environment"],
        start_new_session=True,
        preexec_fn=die_with_guardian,  # noqa: PLW1509 - no thread runs yet
    )


def _passed_to(server: "subprocess.Popen[bytes]") -> Callable[[int, FrameType | None], None]:
    def passed(number: int, _: FrameType | None) -> None:
        server.send_signal(number)

    return passed


def _end_without_owner(group: int) -> None:
    while sys.stdin.buffer.read(1):
        pass
    _kill_group(group)


def _kill_group(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nobody is left in it
        os.killpg(group, signal.SIGKILL)


def _copy(server: "subprocess.Popen[bytes]", log: BoundedLog) -> None:
    if server.stdout is None:
        return
    with suppress(OSError):
        while data := os.read(server.stdout.fileno(), _BLOCK):
            log.write(data)


if __name__ == "__main__":
    main()
