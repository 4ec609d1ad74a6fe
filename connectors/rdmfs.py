"""A project of GakuNin RDM that rdmfs has mounted: the same files, ids and versions as by its API.

Below the mount stand the node's storages: `osfstorage/`, `googledrive/`, ….
"""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

from connectors.folder import FolderSource
from connectors.ports import Listing, SourceFile, UnlistedPart
from connectors.problems import SourceFileUnavailable, SourceFileUnreadable, SourceUnreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class MountSource:
    """Implements `connectors.ports.ProjectSource` for a mounted node.

    To a mount, storage that fails is a folder or a file that cannot be read. Here its last state
    is kept, as it is where RDM itself is asked. To list is to read all files, for their hashes.
    """

    project_id: str
    title: str
    root: Path
    max_file_bytes: int
    link: str | None = None
    """The node's page; which page a file has, a mount does not tell."""

    async def list_files(self) -> Listing:
        """Return every file worth indexing, by path, and the folders that cannot be listed.

        Raises:
            SourceMissing: the folder is not there.
            SourceUnreadable: it cannot be listed, or nothing is mounted on it.
        """
        listed = (await self._folder.list_files()).files
        if not listed and not await asyncio.to_thread(_has_folders, self.root):
            raise SourceUnreadable(self.project_id, reason="nothing is mounted there")
        away = SourceFileUnavailable(reason="the mount does not list the folder")
        return Listing(
            files=[replace(file, link=self.link) for file in listed if not _is_folder(file)],
            unlisted=[UnlistedPart(file.path, away) for file in listed if _is_folder(file)],
        )

    async def fetch(self, file: SourceFile, folder: Path) -> Path:
        """Copy the file into `folder`, through its hash, and return the copy's path.

        Raises:
            SourceFileChanged: its content is not the listed version any more.
            SourceFileTooLarge: it is over `max_file_bytes`.
            SourceFileUnavailable: the mount does not give it now.
        """
        try:
            return await self._folder.fetch(file, folder)
        except SourceFileUnreadable as problem:
            raise SourceFileUnavailable(reason="the mount does not give it") from problem

    @property
    def _folder(self) -> FolderSource:
        return FolderSource(
            project_id=self.project_id,
            title=self.title,
            root=self.root,
            max_file_bytes=self.max_file_bytes,
        )


def _is_folder(file: SourceFile) -> bool:
    return file.path.endswith("/")


def _has_folders(root: Path) -> bool:
    return any(entry.is_dir() for entry in root.iterdir())
