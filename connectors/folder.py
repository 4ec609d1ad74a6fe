"""A folder as a project: its files, with stable ids and content hashes."""

import asyncio
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import NoReturn, TypeVar

from connectors.beneath import open_file, open_folder
from connectors.paths import FileIds, is_skipped_file, is_skipped_folder, shown_path
from connectors.ports import Listing, SourceFile
from connectors.problems import (
    SourceFileChanged,
    SourceFileTooLarge,
    SourceFileUnreadable,
    SourceFolderElsewhere,
    SourceMissing,
    SourceUnreadable,
)

MAX_FILE_BYTES = 512 * 2**20
_READ_BYTES = 2**20
_UNREADABLE = "unreadable"  # the version of what may be seen but not read

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """Implements `connectors.ports.ProjectSource` for a folder of this machine.

    Symbolic links are not followed and other file systems not entered, so nothing outside `root`
    is read. The id of a file follows from the project's id and the path that people see: a copy of
    the folder gives the same ids. A caller that is cancelled stops the reading too.
    """

    project_id: str
    title: str
    root: Path
    max_file_bytes: int = MAX_FILE_BYTES

    async def list_files(self) -> Listing:
        """Return every file worth indexing, ordered by path; hashes each one's content.

        A file that may not be read is listed, and so is, as `name/`, a folder that may not, or that
        another file system is mounted on: fetching it says why, so that what is missing from the
        index is seen to be missing.

        Raises:
            SourceMissing: the folder is not there.
            SourceUnreadable: the folder itself cannot be listed, or another took its place
                meanwhile.
        """
        try:
            return Listing(await _stoppable(self._list))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SourceMissing(self.project_id) from error
        except OSError as error:
            raise SourceUnreadable(self.project_id, reason=_reason(error)) from error

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Copy the file into `folder`, through its hash, and return the copy's path.

        Raises:
            SourceFileChanged: its content is not the listed version any more.
            SourceFileTooLarge: it is over `max_file_bytes`.
            SourceFileUnreadable: it may not be read, or the disk fails.
            SourceFolderElsewhere: it is a folder on another file system.
        """
        if file.size > self.max_file_bytes:
            raise SourceFileTooLarge(size=file.size, limit=self.max_file_bytes)
        return await _stoppable(self._copy, file, folder / file.file_id)

    def _list(self, stop: Event) -> list[SourceFile]:
        ids, begun_in = FileIds(self.project_id), _identity(self.root)
        listed = (self._listed(locator, ids, stop) for locator in sorted(_walk(self.root, stop)))
        files = sorted((file for file in listed if file is not None), key=lambda file: file.path)
        if _identity(self.root) != begun_in:
            # Unmounted, say: what was not found any more is not known to be gone.
            raise SourceUnreadable(self.project_id, reason="another folder took its place")
        return files

    def _listed(self, locator: str, ids: FileIds, stop: Event) -> SourceFile | None:
        try:
            size, modified, version = self._state(locator, stop)
        except FileNotFoundError:  # removed since the folder was read: it is not in the project
            return None
        return SourceFile(
            file_id=ids.give(locator),
            path=shown_path(locator),
            size=size,
            version=version,
            modified=modified,
            locator=locator,
        )

    def _state(self, locator: str, stop: Event) -> tuple[int, datetime | None, str]:
        """Return size, time of the last change, and version."""
        if _is_folder(locator):
            return 0, None, _UNREADABLE
        try:
            with open_file(self.root, locator) as file:
                status = os.fstat(file.fileno())
                return status.st_size, _modified(status), self._version(file, status, stop)
        except FileNotFoundError:
            raise
        except OSError:  # fetching it will meet the error again, and report it
            return 0, None, _UNREADABLE

    def _version(self, file: io.BufferedReader, status: os.stat_result, stop: Event) -> str:
        """Return the content's SHA-256; of a file that is too large, its size and time.

        A file of the system may have more to read than its size says, without an end.
        """
        digest = hashlib.sha256()
        size = status.st_size
        read = 0
        while max(size, read) <= self.max_file_bytes:
            _go_on(stop)
            block = file.read(_READ_BYTES)
            if not block:
                return digest.hexdigest()
            digest.update(block)
            read += len(block)
        return f"unread-{size}-{status.st_mtime_ns}"

    def _copy(self, file: SourceFile, target: Path, stop: Event) -> Path:
        digest = hashlib.sha256()
        copied = 0
        with target.open("wb") as copy:
            for block in self._blocks(file.locator):
                _go_on(stop)
                copied += len(block)
                if copied > file.size:
                    raise SourceFileChanged
                digest.update(block)
                copy.write(block)
        if digest.hexdigest() != file.version:
            raise SourceFileChanged
        return target

    def _blocks(self, locator: str) -> Iterator[bytes]:
        """Yield the content; only errors of the source, not of who uses the blocks, are named."""
        try:
            if _is_folder(locator):
                self._say_why_not_listed(locator)
            with open_file(self.root, locator) as source:
                while block := source.read(_READ_BYTES):
                    yield block
        except FileNotFoundError as error:
            raise SourceFileChanged from error
        except OSError as error:
            raise SourceFileUnreadable(reason=_reason(error)) from error

    def _say_why_not_listed(self, folder: str) -> NoReturn:
        with open_folder(self.root, "") as root, open_folder(self.root, folder) as descriptor:
            if _device(descriptor) != _device(root):
                raise SourceFolderElsewhere
        raise SourceFileChanged  # it can be listed now


class _StoppedError(Exception):
    """Whoever wanted the files has gone; nobody sees this."""


async def _stoppable(work: Callable[..., T], *arguments: object) -> T:
    """Run `work(*arguments, stop)` in a thread, and stop it when its caller is cancelled."""
    stop = Event()
    try:
        return await asyncio.to_thread(work, *arguments, stop)
    finally:
        stop.set()


def _go_on(stop: Event) -> None:
    if stop.is_set():
        raise _StoppedError


def _walk(root: Path, stop: Event) -> Iterator[str]:
    """Yield the regular files that no rule skips, and as `folder/` each folder not to be listed.

    That is one that fails, or one on another file system than `root`. All are relative to `root`,
    in no order.

    Raises:
        OSError: `root` itself cannot be listed.
    """
    with open_folder(root, "") as descriptor:
        device = _device(descriptor)
    waiting = [""]
    while waiting:
        _go_on(stop)
        folder = waiting.pop()
        try:
            with open_folder(root, folder) as descriptor, os.scandir(descriptor) as entries:
                if _device(descriptor) != device:
                    yield folder
                    continue
                files, folders = _worth_reading(entries)
        except FileNotFoundError:  # removed while the project is being listed
            if not folder:
                raise
            continue
        except OSError:
            if not folder:
                raise
            yield folder
            continue
        yield from (folder + name for name in files)
        waiting.extend(f"{folder}{name}/" for name in folders)


def _worth_reading(entries: Iterator[os.DirEntry[str]]) -> tuple[list[str], list[str]]:
    """Return the names of regular files and of folders that no rule skips; links are neither."""
    files: list[str] = []
    folders: list[str] = []
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not is_skipped_folder(entry.name):
                folders.append(entry.name)
        elif entry.is_file(follow_symlinks=False) and not is_skipped_file(entry.name):
            files.append(entry.name)
    return files, folders


def _identity(root: Path) -> tuple[int, int]:
    """Return what tells a folder from every other one, whatever its name."""
    with open_folder(root, "") as descriptor:
        status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _device(descriptor: int) -> int:
    return os.fstat(descriptor).st_dev


def _is_folder(locator: str) -> bool:
    return locator.endswith("/")


def _modified(status: os.stat_result) -> datetime | None:
    """Return the time of the last change; None where it is no date, as some disks hold."""
    try:
        return datetime.fromtimestamp(status.st_mtime, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
