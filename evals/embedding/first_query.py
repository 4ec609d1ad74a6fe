"""A program that embeds one query from a cold start and writes what that took, in JSON."""

import asyncio
import json
import resource
import subprocess
import sys
from time import perf_counter
from typing import Final

from evals.embedding.contenders import CONTENDERS

_ITSELF: Final = (sys.executable, "-m", "evals.embedding.first_query")


def first_query(contender: str) -> dict[str, float]:
    """Return `seconds` from the start of a new process to its first vector, and its `megabytes`."""
    begun = perf_counter()
    with subprocess.Popen(  # noqa: S603 - a program of ours
        [*_ITSELF, contender], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        if process.stdout is None:
            raise RuntimeError("it is a pipe")
        facts = json.loads(process.stdout.readline())
        return {"seconds": perf_counter() - begun, **facts}


def _main() -> None:
    asyncio.run(CONTENDERS[sys.argv[1]]().query("Why did furnace 2 overshoot?"))
    most_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{json.dumps({'megabytes': most_kb / 1024})}\n")


if __name__ == "__main__":
    _main()
