"""Files in the data folder that hold records until they are in the database.

Each process appends to a file of its own, which it keeps locked. A file that nobody has locked is
there to be moved, by whichever process comes first; so are those of processes that are gone.
"""

import fcntl
import logging
import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final
from uuid import uuid4

from service.usage.problems import UsageNotKept
from service.usage.record import UsageRecord, line_of, record_in

_SUFFIX: Final = ".journal"
_DAMAGED: Final = ".damaged"
_LOG: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Segment:
    """A file of records, and a descriptor that keeps it locked until `close`."""

    path: Path
    descriptor: int
    damaged: int = 0
    """Lines that `read_on` left out."""
    _read: int = 0

    def read_on(self, most: int) -> list[UsageRecord] | None:
        """Return the records of the next so many lines, but of damaged ones; None at the end."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            lines = list(islice(file, most))
        self._read += sum(map(len, lines))
        found = [record_in(line) for line in lines]
        whole = [record for record in found if record is not None]
        self.damaged += len(found) - len(whole)
        return whole if lines else None

    def drop(self) -> None:
        """Remove it: all of it is in the database. With damaged lines it is put aside instead."""
        if not self.damaged:
            self.path.unlink()
            return
        aside = self.path.rename(self.path.with_suffix(_DAMAGED))
        _LOG.error("Records of usage: %d damaged, see %s", self.damaged, aside.name)

    def sync(self) -> None:
        """Return when what it holds would survive a cut of the power; takes milliseconds."""
        os.fdatasync(self.descriptor)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # the file's name
        finally:
            os.close(folder)

    def close(self) -> None:
        """Unlock it."""
        os.close(self.descriptor)


class Journal:
    """Appends records; what `append` was given outlives a kill of the process from there on.

    A cut of the power may take the last second or two: `service.usage.moving` syncs. While the
    disk is full, records are in memory alone: no more than there were calls in flight, because
    `check` lets none begin.
    """

    def __init__(self, folder: Path) -> None:
        """Open a new file in `folder`, which is made where it is not there."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._path, self._descriptor = _new_file(folder)
        self._unwritten: deque[bytes] = deque()
        self._size = 0
        self._is_failing = False

    def append(self, record: UsageRecord) -> None:
        """Keep a record. On a full disk it is kept in memory, and `check` tells of it."""
        self._unwritten.append(line_of(record))
        self.write()

    def check(self) -> None:
        """Return if records can be kept.

        Raises:
            UsageNotKept: the last one could not be written; another try was made.
        """
        if self._unwritten:
            self.write()
        if self._unwritten:
            raise UsageNotKept

    def write(self) -> None:
        """Write what is not written; what the disk does not take stays in memory."""
        while self._unwritten:
            line = self._unwritten[0]
            try:
                written = os.write(self._descriptor, line)
            except OSError as error:
                self._tell_of(error)
                return
            self._size += written
            if written < len(line):
                self._unwritten[0] = line[written:]
            else:
                self._unwritten.popleft()
        self._is_failing = False

    def current(self) -> Segment:
        """Return the file that is appended to, to be synced in a thread meanwhile, and closed."""
        return Segment(self._path, os.dup(self._descriptor))

    def turn(self) -> Segment | None:
        """Go on in a new file, and hand out the one so far; None: it is empty, or half written.

        Raises:
            OSError: no new file can be made; the old one goes on.
        """
        if not self._size or self._unwritten:
            return None
        path, descriptor = _new_file(self._folder)
        segment = Segment(self._path, self._descriptor)
        self._path, self._descriptor, self._size = path, descriptor, 0
        return segment

    def ready(self) -> Iterator[Segment]:
        """Yield the files that nobody appends to or moves; each is locked until it is closed."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            segment = None if path == self._path else _taken(path)
            if segment is not None:
                yield segment

    def close(self) -> None:
        """Append no more; a file with records stays for the next process to move."""
        self.write()
        if self._unwritten:
            _LOG.error("Records of usage: %d are lost, the disk is full", len(self._unwritten))
        if not self._size:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _tell_of(self, error: OSError) -> None:
        if not self._is_failing:
            _LOG.error("Records of usage cannot be written: %s", error.strerror)
        self._is_failing = True


def lines_in(folder: Path) -> int:
    """Return how many records wait in a folder of journals, which need not be there."""
    waiting = 0
    for path in folder.glob(f"*{_SUFFIX}"):
        with suppress(FileNotFoundError), path.open("rb") as lines:  # it was moved just now
            waiting += sum(1 for _ in lines)
    return waiting


def _new_file(folder: Path) -> tuple[Path, int]:
    """Return a new file, locked."""
    while True:
        path = folder / f"{uuid4().hex}{_SUFFIX}"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        if _is_locked(descriptor, path):
            return path, descriptor
        os.close(descriptor)  # taken for one that was left behind, in the moment before the lock


def _taken(path: Path) -> Segment | None:
    """Return a file, locked; None where somebody else has it, or it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    if _is_locked(descriptor, path):
        return Segment(path, descriptor)
    os.close(descriptor)
    return None


def _is_locked(descriptor: int, path: Path) -> bool:
    """Lock a file; tell whether that was done, and before somebody else removed it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return path.exists()
