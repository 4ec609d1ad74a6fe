"""What a source of research files must be able to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file of a project, as its source lists it.

    `path` is the path a person sees, relative to the project, with `/` and in NFC; `version`
    changes whenever the content does (a folder source: the SHA-256 of the content, in hex).
    """

    file_id: str
    path: str
    size: int
    version: str
    modified: datetime | None
    locator: str = ""
    """The source's own handle for the file, where the shown path is not enough; opaque."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]


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

    async def list_files(self) -> Sequence[SourceFile]:
        """Return every file worth indexing, ordered by path."""
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
