"""A folder as a project: its files, with stable ids and content hashes."""

import asyncio
import hashlib
import io
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid5

from connectors.ports import SourceFile
from connectors.problems import (
    SourceFileChanged,
    SourceFileTooLarge,
    SourceFileUnreadable,
    SourceMissing,
)

MAX_FILE_BYTES = 512 * 2**20
_FILE_IDS = UUID("6f1c2b52-61e5-4d3c-9a0b-1f5d6c7e8a90")
_READ_BYTES = 2**20
_UNREADABLE = "unreadable"
_SKIPPED_FOLDERS = frozenset({"__pycache__", "node_modules", "lost+found"})
_SKIPPED_FILES = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db"})
_TEMPORARY = re.compile(
    r"^(~\$|~wrl|#.*#$)|(~|\.tmp|\.temp|\.swp|\.swo|\.part|\.partial|\.crdownload|\.lock)$",
    re.IGNORECASE,
)


def is_skipped_file(name: str) -> bool:
    """Tell hidden files, temporary files of editors and Office, and what file managers leave."""
    return (
        name.startswith(".")
        or name.casefold() in _SKIPPED_FILES
        or _TEMPORARY.search(name) is not None
    )


def is_skipped_folder(name: str) -> bool:
    """Tell hidden folders and those that programs keep their own files in."""
    return name.startswith(".") or name in _SKIPPED_FOLDERS


def shown_path(relative: str) -> str:
    """Return a path as people see it: NFC, and bytes that are no UTF-8 as a replacement sign."""
    readable = relative.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", readable)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """Implements `connectors.ports.ProjectSource` for a folder of this machine.

    Symbolic links are not followed, so nothing outside `root` is read. The id of a file follows
    from the project's id and the path that people see: a copy of the folder gives the same ids.
    """

    project_id: str
    title: str
    root: Path
    max_file_bytes: int = MAX_FILE_BYTES

    async def list_files(self) -> Sequence[SourceFile]:
        """Return every file worth indexing, ordered by path; hashes each one's content.

        Raises:
            SourceMissing: the folder is not there.
        """
        if not await asyncio.to_thread(self.root.is_dir):
            raise SourceMissing(self.project_id)
        return await asyncio.to_thread(self._list)

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Copy the file into `folder`, through its hash, and return the copy's path.

        Raises:
            SourceFileChanged: its content is not the listed version any more.
            SourceFileTooLarge: it is over `max_file_bytes`.
        """
        if file.size > self.max_file_bytes:
            raise SourceFileTooLarge(size=file.size, limit=self.max_file_bytes)
        return await asyncio.to_thread(self._copy, file, folder / file.file_id)

    def _list(self) -> list[SourceFile]:
        files: dict[str, SourceFile] = {}
        for path in sorted(_walk(self.root)):
            file = self._listed(path, taken=files.keys())
            if file is not None:
                files[file.file_id] = file
        return sorted(files.values(), key=lambda file: file.path)

    def _listed(self, path: Path, *, taken: AbstractSet[str]) -> SourceFile | None:
        relative = path.relative_to(self.root).as_posix()
        try:
            status = path.lstat()
            version = self._version(path, status)
        except FileNotFoundError:  # removed since the folder was read: it is not in the project
            return None
        shown = shown_path(relative)
        file_id = self._file_id(shown)
        if file_id in taken:  # two names that look the same, one composed and one decomposed
            file_id = self._file_id(relative.encode("utf-8", "surrogateescape").hex())
        return SourceFile(
            file_id=file_id,
            path=shown,
            size=status.st_size,
            version=version,
            modified=datetime.fromtimestamp(status.st_mtime, UTC),
            locator=relative,
        )

    def _file_id(self, name: str) -> str:
        return str(uuid5(_FILE_IDS, f"{self.project_id}\n{name}"))

    def _version(self, path: Path, status: os.stat_result) -> str:
        """Return the content's SHA-256; of a file that is not read, its size and time."""
        if status.st_size > self.max_file_bytes:
            return f"unread-{status.st_size}-{status.st_mtime_ns}"
        try:
            with _open(path) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except PermissionError:
            return f"{_UNREADABLE}-{status.st_size}-{status.st_mtime_ns}"

    def _copy(self, file: SourceFile, target: Path) -> Path:
        digest = hashlib.sha256()
        try:
            with _open(self.root / file.locator) as source, target.open("wb") as copy:
                while block := source.read(_READ_BYTES):
                    digest.update(block)
                    copy.write(block)
        except PermissionError as error:
            raise SourceFileUnreadable from error
        except FileNotFoundError as error:
            raise SourceFileChanged from error
        if digest.hexdigest() != file.version:
            raise SourceFileChanged
        return target


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the regular files below a folder that no rule skips; links are neither nor folders."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:  # removed while the project is being listed
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if not is_skipped_folder(entry.name):
                yield from _walk(Path(entry.path))
        elif entry.is_file(follow_symlinks=False) and not is_skipped_file(entry.name):
            yield Path(entry.path)


def _open(path: Path) -> io.BufferedReader:
    """Open a file for reading, never through a link that was put there since it was listed."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
