"""A folder that a user without privileges owns, whoever runs the tests."""

import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

_NOBODY = 65534
DEEP_LEVELS = 300
DEEP_NAME = "層" * 8


@pytest.fixture
def plain_user_folder() -> Generator[Path]:
    """Make permissions count during the test: root gives its own up, and gets them back."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        # Not below pytest's own folder, which nobody else may enter.
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
            _allow_all(Path(folder))
    finally:
        os.seteuid(user)


def _allow_all(folder: Path) -> None:
    folder.chmod(0o700)
    for path in folder.iterdir():
        path.chmod(0o700)


@pytest.fixture
def memory_folder() -> Generator[Path]:
    """A folder in memory, where files may have times that most disks cannot hold."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it has a name nobody can guess
    if not memory.is_dir():
        pytest.skip(f"TIMES OUT OF RANGE NOT TESTED: there is no {memory}")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def deep_folder(tmp_path: Path) -> Generator[Path]:
    """A file `a.txt` at the end of a path that is longer than the system takes in one piece."""
    levels = [os.open(tmp_path, os.O_RDONLY)]
    for _ in range(DEEP_LEVELS):
        os.mkdir(DEEP_NAME, dir_fd=levels[-1])
        levels.append(os.open(DEEP_NAME, os.O_RDONLY, dir_fd=levels[-1]))
    os.close(os.open("a.txt", os.O_CREAT | os.O_WRONLY, dir_fd=levels[-1]))
    yield tmp_path
    os.unlink("a.txt", dir_fd=levels[-1])
    while len(levels) > 1:
        os.close(levels.pop())
        os.rmdir(DEEP_NAME, dir_fd=levels[-1])
    os.close(levels.pop())
