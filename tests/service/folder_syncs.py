"""Syncs of sources that are folders, and of nothing else."""

from dataclasses import dataclass

from connectors.folder import FolderSource
from rag.problems import ProjectUnknown
from rag.progress import ReportIndexing
from service.records.projects import ProjectRecords
from service.sources.indexing import Indexing


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSyncs:
    """Implements `service.jobs.SyncOfSource`."""

    projects: ProjectRecords
    indexer: Indexing

    async def run(self, source_id: str, report: ReportIndexing) -> None:
        project = await self.projects.find(source_id)
        if project is None:
            raise ProjectUnknown(source_id)
        source = FolderSource(project_id=source_id, title=project.title, root=project.path)
        await self.indexer.index(source, report)
