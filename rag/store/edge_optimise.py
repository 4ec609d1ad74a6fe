"""Optimise a copy of a shard: `python -m rag.store.edge_optimise SHARD COPY`, a process of its own.

The engine lets no other thread of Python run while it builds its graphs, which takes minutes in a
large shard: in the process that answers, nobody would be answered.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import qdrant_edge as edge

_NICE: Final = 10  # searches come first


def optimise_copy(shard: Path, copy: Path) -> None:
    """Make `copy`, an optimised copy of a flushed `shard` that nobody writes to meanwhile.

    Raises:
        CalledProcessError: it could not be made, such as on a full disk; nothing is left of it.
    """
    program = [sys.executable, "-P", "-m", __spec__.name, str(shard), str(copy)]
    try:
        subprocess.run(program, check=True, stdin=subprocess.DEVNULL)  # noqa: S603 - our own program
    except BaseException:
        shutil.rmtree(copy, ignore_errors=True)
        raise


def _make(shard: Path, copy: Path) -> None:
    os.nice(_NICE)
    shutil.copytree(shard, copy)
    copied = edge.EdgeShard.load(str(copy))
    copied.optimize()
    copied.flush()
    copied.close()


if __name__ == "__main__":
    _make(Path(sys.argv[1]), Path(sys.argv[2]))
