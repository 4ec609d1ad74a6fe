"""Sync one source, whatever kind it is: what a job does."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.folder import FolderSource
from connectors.ports import ProjectSource
from connectors.problems import SourceMissing
from connectors.rdmfs import MountSource
from rag.problems import ProjectUnknown
from rag.progress import ReportIndexing
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords
from service.sources.indexing import Indexing
from service.sources.tree_sync import TreeSync


@dataclass(frozen=True, slots=True, kw_only=True)
class Syncs:
    """Implements `service.jobs.SyncOfSource`."""

    projects: ProjectRecords
    sources: SourceRecords
    indexer: Indexing
    trees: TreeSync
    max_file_bytes: int

    async def run(self, source_id: str, report: ReportIndexing) -> None:
        """Make the index equal to a source.

        Raises:
            ProjectUnknown: it was removed.
            Problem: the source as a whole does not work, or the embedding model or store.
        """
        project = await self.projects.find(source_id)
        source = await self.sources.find(source_id)
        if project is None or source is None:
            raise ProjectUnknown(source_id)
        if project.kind == "rdm":
            await self.trees.run(project, report, registrations=source.with_registrations)
        else:
            await self.indexer.index(await self._files(project), report)
            await self.projects.mark_indexed(source_id, datetime.now(UTC))

    async def _files(self, project: ProjectRecord) -> ProjectSource:
        if await asyncio.to_thread(project.path.resolve) != project.path:
            # A link was put in its way since it was added: it may lead to anywhere.
            raise SourceMissing(project.project_id)
        if project.kind == "rdmfs":
            return MountSource(
                project_id=project.project_id,
                title=project.title,
                root=project.path,
                max_file_bytes=self.max_file_bytes,
                link=project.link,
            )
        return FolderSource(
            project_id=project.project_id,
            title=project.title,
            root=project.path,
            max_file_bytes=self.max_file_bytes,
        )
