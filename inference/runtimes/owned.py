"""A server's process, owned: it is ended with us, and leaves nothing behind."""

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.runtimes.environment import inherited
from inference.runtimes.guardian import NOT_STARTED
from inference.runtimes.problems import RuntimeFailed

_UNFIT_FOR_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")
_GUARDIAN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Owned:
    """A server that runs, and its log."""

    guardian: asyncio.subprocess.Process
    pid: int
    log: Path

    async def ended(self) -> int:
        """Return the exit code, once there is one: 128 and the signal where one ended it."""
        code = await self.guardian.wait()
        return 128 - code if code < 0 else code

    def terminate(self) -> None:
        """Ask the server, and not its children, to end its work."""
        with suppress(ProcessLookupError):
            self.guardian.send_signal(signal.SIGTERM)

    async def kill(self) -> None:
        """End it now, with all that it started."""
        code = self.guardian.returncode
        if code is None or code < 0:  # a guardian that was killed has left the server's children
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        if code is None:
            _close(self.guardian)
            await self.guardian.wait()


@asynccontextmanager
async def owned(
    model: str,
    command: tuple[str, ...],
    environment: Mapping[str, str],
    log: Path,
    *,
    log_bytes: int,
) -> AsyncGenerator[Owned]:
    """Start a program; it is killed where the block is left.

    Raises:
        RuntimeFailed: it cannot be started.
    """
    guardian = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "inference.runtimes.guardian"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=inherited(os.environ),
        start_new_session=True,
    )
    try:
        job = {"command": command, "environment": environment, "log": str(log)}
        pid = await _told_pid(guardian, json.dumps(job | {"log_bytes": log_bytes}))
        if pid is None:
            code = await guardian.wait()
            reason = "it cannot be started" if code == NOT_STARTED else "it has no keeper"
            raise RuntimeFailed(model, reason=reason, log=log, exit_code=code)
        server = Owned(guardian, pid, log)
        try:
            yield server
        finally:
            await asyncio.shield(server.kill())
    finally:
        if guardian.returncode is None:
            _close(guardian)  # it kills what it keeps, and ends
            await asyncio.shield(guardian.wait())


def log_of(folder: Path, model: str) -> Path:
    """Return where a model's server writes; the folder is made, for nobody else to read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = _UNFIT_FOR_NAMES.sub("-", model).strip(".-")
    return folder / f"{name}.log"


async def _told_pid(guardian: asyncio.subprocess.Process, job: str) -> int | None:
    if guardian.stdin is None or guardian.stdout is None:
        raise RuntimeError("the guardian was started without pipes")
    with suppress(ConnectionError):  # reading tells that it ended
        guardian.stdin.write(job.encode() + b"\n")
        await guardian.stdin.drain()
    async with asyncio.timeout(_GUARDIAN_S):
        line = await guardian.stdout.readline()
    return int(line) if line.strip().isdigit() else None


def _close(guardian: asyncio.subprocess.Process) -> None:
    if guardian.stdin is not None:
        guardian.stdin.close()
