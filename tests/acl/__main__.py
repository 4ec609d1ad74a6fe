"""`python -m tests.acl`: many histories of the machine, on every core; `make soak-acl`."""

import argparse
import os
import secrets
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

SHARE: Final = 50
"""Histories of one process: they do not depend on how many run side by side."""


def main() -> int:
    """Run the histories in shares; return 1 if somebody saw what they must not, or missed what."""
    asked = _arguments()
    if asked.share:
        return _run_share(asked)
    _say(f"{asked.histories} histories, seed {asked.seed}")
    began = time.monotonic()
    shares = range(-(-asked.histories // SHARE))
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        work = partial(_start_share, asked)
        statuses = list(workers.map(work, shares))
    _say(f"{time.monotonic() - began:.0f} s, shares that failed: {sum(map(bool, statuses))}")
    return 1 if any(statuses) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.acl", description=__doc__)
    parser.add_argument("--histories", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    parser.add_argument("--thorough", action="store_true", help="everybody looks in every way")
    parser.add_argument("--share", action="store_true", help="run them all in this process")
    return parser.parse_args()


def _start_share(asked: argparse.Namespace, share: int) -> int:
    count = min(SHARE, asked.histories - share * SHARE)
    command = [sys.executable, "-W", "error", "-m", "tests.acl", "--share"]
    command += ["--histories", str(count), "--seed", str(asked.seed + share)]
    command += ["--thorough"] if asked.thorough else []
    return subprocess.run(command, check=False).returncode


def _run_share(asked: argparse.Namespace) -> int:
    from tests.acl.histories import run_histories  # noqa: PLC0415 - not to start the others

    with tempfile.TemporaryDirectory(prefix="fumikura-acl-") as folder:
        run_histories(
            asked.histories,
            number=asked.seed,
            folder=Path(folder),
            is_thorough=asked.thorough,
        )
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
