"""What a source of research files must be able to do."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from contracts.problems import Problem

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file of a project, as its source lists it.

    `path` is the path a person sees, relative to the project, with `/` and in NFC; `version`
    changes whenever the content does: the SHA-256 of the content in hex wherever it is known
    without reading the file, else what the source offers instead (an etag with size and time).
    """

    file_id: str
    path: str
    size: int
    version: str
    modified: datetime | None
    locator: str = ""
    """The source's own handle for the file, where the shown path is not enough; opaque."""
    link: str | None = None
    """The page of the file that a person can open; None where there is none."""
    source_version: str | None = None
    """The number that the source itself gives this version (osfstorage: `3`)."""
    tags: tuple[str, ...] = ()
    """What people labelled it with there, as they spelled it."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def sha256(self) -> str | None:
        """The content's SHA-256 in hex, where `version` is one."""
        return self.version if _SHA256.fullmatch(self.version) else None


@dataclass(frozen=True, slots=True)
class UnlistedPart:
    """A part of a project whose files are not known now; what is indexed of it stays, stale.

    `prefix` is the shown path of a folder: `googledrive/`, `osfstorage/実験/`.
    """

    prefix: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a project worth indexing, ordered by path, and what could not be listed."""

    files: Sequence[SourceFile]
    unlisted: Sequence[UnlistedPart] = ()


class ProjectSource(Protocol):
    """A project whose files can be listed and read. Nothing is ever written to it."""

    @property
    def project_id(self) -> str:
        """The project's id, stable across runs."""
        ...

    @property
    def title(self) -> str:
        """The project's name for people."""
        ...

    async def list_files(self) -> Listing:
        """Return every file worth indexing, ordered by path, and the parts that failed.

        Raises:
            Problem: nothing is known of the project's files now.
        """
        ...

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Return a local path with the content of `file`, inside `folder` where it must be copied.

        The name of the returned path says nothing about the file: use `file.name`.

        Raises:
            SourceFileChanged: the content is no longer `file.version`; list again.
            SourceFileTooLarge: over the source's limit; the content was not read.
            SourceFileUnreadable: the source refuses to hand it out.
        """
        ...
