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

from rag.store.child_process import die_with_parent, program

_NICE: Final = 5  # searches come first
_BLOCK: Final = 2**16
_HOLE: Final = bytes(_BLOCK)


def optimise_copy(shard: Path, copy: Path) -> None:
    """Make `copy`, an optimised copy of a flushed `shard` that nobody writes to meanwhile.

    Raises:
        CalledProcessError: it could not be made, such as on a full disk; nothing is left of it.
    """
    command = program("rag.store.edge_optimise", shard, copy)
    try:
        # In a session of its own: Ctrl-C is for the process that waits, which ends in its order.
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - our own program
    except BaseException:
        shutil.rmtree(copy, ignore_errors=True)
        raise


def _make(shard: Path, copy: Path) -> None:
    die_with_parent()
    os.nice(_NICE)
    shutil.copytree(shard, copy, copy_function=_copy)
    copied = edge.EdgeShard.load(str(copy))
    copied.optimize()
    copied.flush()
    copied.close()
    for each in (*copy.rglob("*"), copy):
        _sync_to_disk(each)


def _sync_to_disk(path: Path) -> None:
    """Return when a file's content, or a folder's names, would survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(source: str, target: str) -> None:
    """Copy a file but for its zeros: the engine claims pages ahead, which take no room on disk."""
    with Path(source).open("rb") as full, Path(target).open("wb") as sparse:
        while block := full.read(_BLOCK):
            if block == _HOLE[: len(block)]:
                sparse.seek(len(block), os.SEEK_CUR)
            else:
                sparse.write(block)
        sparse.truncate()


if __name__ == "__main__":
    _make(Path(sys.argv[1]), Path(sys.argv[2]))
