"""Bring the index of one node of RDM up to date, or see from its logs that it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.ports import ProjectSource
from connectors.rdm.api import RdmApi
from connectors.rdm.client import RdmSession
from connectors.rdm.models import LogEntry, Node
from connectors.rdm.source import RdmSource
from service.records.projects import ProjectRecord, ProjectRecords
from service.sources.indexing import Indexing
from service.sources.sync_plan import may_be_outdated, may_trust_logs
from service.sources.tree_report import TreeReport


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSync:
    """Syncs nodes one by one; what a run had finished costs the next one a request a node."""

    projects: ProjectRecords
    indexer: Indexing
    max_file_bytes: int
    now: Callable[[], datetime] = _now

    async def run(
        self, record: ProjectRecord, node: Node, session: RdmSession, progress: TreeReport
    ) -> None:
        """Index the node's files, unless its logs say that nothing has happened to them.

        The newest log is read before the files are: what happens meanwhile, the next run finds.
        What happened since the tree was read, this one does.

        Raises:
            Problem: the node cannot be had now, or the embedding model or the store.
        """
        api, now = RdmApi(session), self.now()
        newest_log = await api.newest_log(node)
        if await self._is_unchanged(record, newest_log, now, session):
            await progress.unchanged(await self.indexer.records.totals(record.project_id))
        else:
            if may_be_outdated(node, newest_log):
                node = await api.node(node.node_id)
            source = self._source(record, node, session)
            report = await self.indexer.index(source, progress.show)
            await self.projects.mark_listed(
                record.project_id,
                log_mark=None if report.stale or newest_log is None else newest_log.log_id,
                listed_at=None if report.stale else now,
            )
        await self.projects.mark_indexed(record.project_id, self.now())

    async def forget(self, project_id: str) -> None:
        """Remove all that is kept of a node's files; what dies on the way is known as unlisted."""
        await self.projects.mark_listed(project_id, log_mark=None, listed_at=None)
        await self.indexer.forget(project_id)

    async def _is_unchanged(
        self, record: ProjectRecord, newest_log: LogEntry | None, now: datetime, session: RdmSession
    ) -> bool:
        relist_after_s = session.client.settings.relist_after_s
        may_trust = may_trust_logs(record, newest_log, now=now, relist_after_s=relist_after_s)
        return may_trust and await self.indexer.is_settled(record.project_id)

    def _source(self, record: ProjectRecord, node: Node, session: RdmSession) -> ProjectSource:
        return RdmSource(
            project_id=record.project_id,
            title=record.title,
            node=node,
            session=session,
            max_file_bytes=self.max_file_bytes,
        )
