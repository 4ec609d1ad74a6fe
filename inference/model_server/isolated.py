"""Read what strangers sent in a child process that has limits and may be killed."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

_INHERITED: Final = ("PATH", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV")
_COVERAGE: Final = "COVERAGE_"  # lets the tests measure the child
_FEW_THREADS: Final = {"MALLOC_ARENA_MAX": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLimits:
    """What a child may take."""

    wall_s: float = 60.0
    cpu_s: int = 60
    memory_bytes: int = 2 * 2**30


class ChildFailed(Exception):
    """It says why it cannot read this, or was ended by a limit or by what it read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def read_isolated(
    module: str, job: Mapping[str, object], data: bytes, limits: ChildLimits
) -> tuple[Mapping[str, Any], bytes]:
    """Return what a child made of `data`: facts, and bytes.

    Raises:
        ChildFailed: with a reason that may be shown.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, json.dumps({**job, "limits": asdict(limits)})),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment(),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(limits.wall_s):
            output, _ = await process.communicate(data)
    except TimeoutError as error:
        raise ChildFailed(f"reading it took longer than {limits.wall_s:g} s") from error
    finally:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    head, _, made = output.partition(b"\n")
    if process.returncode != 0 or not head:
        raise ChildFailed(_cause_of_death(process.returncode, limits))
    facts: Mapping[str, Any] = json.loads(head)
    if "failure" in facts:
        raise ChildFailed(facts["failure"])
    return facts, made


def _cause_of_death(code: int | None, limits: ChildLimits) -> str:
    if code == -signal.SIGXCPU:
        return f"reading it took longer than {limits.cpu_s} s"
    return "it is broken, or takes too much memory"


def _environment() -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name in _INHERITED or name.startswith(_COVERAGE)
    }
    return inherited | _FEW_THREADS
