"""Files in the data folder that hold records until they are in the database.

Each process appends to a file of its own, which it keeps locked: so others can tell the files of
processes that are gone, and take them over.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from service.usage.problems import UsageNotKept
from service.usage.record import UsageRecord, line_of, records_in

_SUFFIX: Final = ".journal"
_MOST_UNWRITTEN: Final = 10_000
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of records that nobody appends to any more, locked by who moves it."""

    path: Path
    descriptor: int

    def records(self) -> list[UsageRecord]:
        """Return what it holds; damaged lines are left out, and told in the log."""
        read = list(records_in(self.path.read_bytes()))
        whole = [record for record in read if record is not None]
        if len(whole) < len(read):
            _LOG.error("%s: %d lines are damaged", self.path.name, len(read) - len(whole))
        return whole

    def drop(self) -> None:
        """Remove it: all of it is in the database."""
        self.path.unlink()
        os.close(self.descriptor)


class Journal:
    """Appends records; what `append` was given outlives a kill of the process from there on.

    A cut of the power may take the last second (`sync`).
    """

    def __init__(self, folder: Path) -> None:
        """Open a new file in `folder`, which is made where it is not there."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._path, self._descriptor = _new_file(folder)
        self._unwritten: list[bytes] = []
        self._size = 0

    def append(self, record: UsageRecord) -> None:
        """Keep a record. On a full disk it is kept in memory, and `check` tells of it."""
        self._unwritten.append(line_of(record))
        self._write()

    def check(self) -> None:
        """Return if records can be kept.

        Raises:
            UsageNotKept: the last one could not be written; another try was made.
        """
        if self._unwritten:
            self._write()
        if self._unwritten:
            raise UsageNotKept

    def sync(self) -> None:
        """Return when all records so far would survive a cut of the power; takes milliseconds."""
        os.fdatasync(self._descriptor)

    def turn(self) -> Segment | None:
        """Go on in a new file, and hand out the one so far; None: it is empty, or half written."""
        if not self._size or self._unwritten:
            return None
        segment = Segment(self._path, self._descriptor)
        self._path, self._descriptor = _new_file(self._folder)
        self._size = 0
        return segment

    def close(self) -> None:
        """Append no more; a file with records stays for the next process to move."""
        with suppress(OSError):
            self._write()
        if not self._size:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def left_behind(self) -> Iterator[Segment]:
        """Yield the files of processes that are gone, each locked."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            segment = None if path == self._path else _taken_over(path)
            if segment is not None:
                yield segment

    def _write(self) -> None:
        """Write what is not written; what the disk does not take stays in memory."""
        while self._unwritten:
            line = self._unwritten[0]
            try:
                written = os.write(self._descriptor, line)
            except OSError as error:
                self._give_up(error)
                return
            self._size += written
            if written < len(line):
                self._unwritten[0] = line[written:]
            else:
                del self._unwritten[0]

    def _give_up(self, error: OSError) -> None:
        if len(self._unwritten) == 1:
            _LOG.error("Records of usage cannot be written: %s", error.strerror)
        if len(self._unwritten) > _MOST_UNWRITTEN:
            raise UsageNotKept from error


def lines_in(folder: Path) -> int:
    """Return how many records wait in a folder of journals, which need not be there."""
    return sum(path.read_bytes().count(b"\n") for path in folder.glob(f"*{_SUFFIX}"))


def _new_file(folder: Path) -> tuple[Path, int]:
    """Return a file that was locked before others could see it."""
    name = uuid4().hex
    aside = folder / f"{name}.new"
    descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return aside.rename(folder / f"{name}{_SUFFIX}"), descriptor


def _taken_over(path: Path) -> Segment | None:
    """Return a file of a process that is gone; None where its process lives, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if not path.exists():  # somebody moved it while we waited for the lock
        os.close(descriptor)
        return None
    return Segment(path, descriptor)
