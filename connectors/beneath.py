"""Open what lies below a folder, never through a link, whoever swaps names meanwhile."""

import errno
import io
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO must not make its opener wait
_NOT_THERE = frozenset({errno.ELOOP, errno.ENOTDIR, errno.ENXIO})


@contextmanager
def open_folder(root: Path, relative: str) -> Generator[int]:
    """Give the descriptor of a folder; `""` is `root` itself, which alone may be a link.

    Raises:
        FileNotFoundError: it is gone, or a link or something else has taken the place of a folder
            on the way.
        ValueError: `relative` leads upwards.
    """
    folder = os.open(root, _FOLDER)
    try:
        for part in _parts(relative):
            outer, folder = folder, _opened(part, _FOLDER, folder)
            os.close(outer)
        yield folder
    finally:
        os.close(folder)


@contextmanager
def open_file(root: Path, relative: str) -> Generator[io.BufferedReader]:
    """Open a regular file for reading.

    Raises:
        FileNotFoundError: no regular file is there any more, or no folder on the way.
        ValueError: `relative` leads upwards.
    """
    above, _, name = relative.rpartition("/")
    with open_folder(root, above) as folder:
        file = os.fdopen(_opened(name, _FILE, folder), "rb")
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FileNotFoundError(errno.ENOENT, "no regular file", relative)
        yield file


def _parts(relative: str) -> tuple[str, ...]:
    parts = PurePosixPath(relative).parts
    if relative.startswith("/") or ".." in parts:
        raise ValueError(f"{relative!r} leads out of the folder")
    return parts


def _opened(name: str, flags: int, folder: int) -> int:
    if name in {"", ".."}:
        raise ValueError(f"{name!r} is no name of a file")
    try:
        return os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        if error.errno in _NOT_THERE:
            raise FileNotFoundError(errno.ENOENT, "no such file", name) from error
        raise
