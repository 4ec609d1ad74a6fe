"""Sync a project of GakuNin RDM or OSF with its components: each becomes a project of ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from connectors.rdm.api import RdmApi
from connectors.rdm.client import RdmSession
from connectors.rdm.models import Node
from connectors.rdm.problems import RdmForbidden, RdmGone, RdmRequestRefused, RdmUnavailable
from connectors.rdm.settings import InstanceName
from rag.progress import ReportIndexing
from service.problems import SourceTokenMissing
from service.records.projects import ProjectRecord, ProjectRecords
from service.sources.node_sync import NodeSync
from service.sources.places import NodePlace, node_project_id
from service.sources.sessions import SourceSessions
from service.sources.sync_plan import missing_records, needs_token, own_nodes, shown_title
from service.sources.tree_report import TreeReport

_AWAY: Final = (RdmUnavailable, RdmRequestRefused, RdmGone, RdmForbidden)
"""One project cannot be had now; whether it is lost, the next tree says."""
_MOST_AWAY: Final = 3
"""After so many projects in a row that cannot be had, the instance itself is taken to be away."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeSync:
    """Makes what is kept of a tree equal to the tree, as the source's token shows it."""

    projects: ProjectRecords
    nodes: NodeSync
    sessions: SourceSessions
    now: Callable[[], datetime] = _now

    async def run(
        self, source: ProjectRecord, report: ReportIndexing, *, registrations: bool
    ) -> None:
        """Drop the projects that the tree has lost, before anything else; then sync the others.

        A project that cannot be had now keeps its last state and is reported as stale.

        Raises:
            RdmGone, RdmForbidden: the top is lost, and with it the tree; nothing of it is kept.
            RdmTokenRefused, RdmUnavailable, RdmBudgetSpent: nothing more is known; all is kept.
            SourceTokenMissing: it was read with a token that is not set now; all is kept.
            Problem: the embedding model or the store does not work.
        """
        if source.instance is None or source.node is None:
            raise ValueError(f"{source.project_id} is no node")
        session = await self.sessions.open(source.project_id, source.instance)
        if session.token is None and needs_token(await self.projects.of_source(source.project_id)):
            raise SourceTokenMissing(source.project_id)
        try:
            tree = await RdmApi(session).tree(source.node, registrations=registrations)
        except (RdmGone, RdmForbidden):
            await self._lose_missing(source, [])
            raise
        own = own_nodes(tree, top=source.node, other_sources=await self._sources(source.instance))
        await self._lose_missing(source, own)
        await self._sync_all(source, own, session, TreeReport(source.project_id, report))

    async def _lose_missing(self, source: ProjectRecord, own: Sequence[Node]) -> None:
        """Forget what is not the source's now; of the top, what an operator ordered stays noted."""
        known = await self.projects.of_source(source.project_id)
        for record in missing_records(known, own):
            await self.nodes.forget(record.project_id)
            if record.is_source:
                await self.projects.mark_gone(record.project_id)
            else:
                await self.projects.remove(record.project_id)

    async def _sources(self, instance: InstanceName) -> frozenset[str]:
        """Return the tops of trees that are sources of their own; a mount has no tree."""
        records = await self.projects.list_records()
        return frozenset(
            record.node
            for record in records
            if record.is_source
            and (record.kind, record.instance) == ("rdm", instance)
            and record.node is not None
        )

    async def _sync_all(
        self,
        source: ProjectRecord,
        nodes: Sequence[Node],
        session: RdmSession,
        progress: TreeReport,
    ) -> None:
        """Sync each node, parents first.

        Raises:
            Problem: none could be had, or several in a row could not.
        """
        away = 0
        for number, node in enumerate(nodes, start=1):
            project_id = node_project_id(session.client.name, node.node_id)
            await progress.begin(project_id, is_last=number == len(nodes))
            try:
                await self._sync(source, node, session, progress)
                away = 0
            except _AWAY as problem:
                away += 1
                await progress.away(problem)
                if away == min(_MOST_AWAY, len(nodes)):
                    raise
        await progress.end()

    async def _sync(
        self, source: ProjectRecord, node: Node, session: RdmSession, progress: TreeReport
    ) -> None:
        record = await self.projects.put_node(self._record(source, node, session.client.name))
        if record is not None:
            await self.nodes.run(record, node, session, progress)

    def _record(self, source: ProjectRecord, node: Node, instance: InstanceName) -> ProjectRecord:
        return ProjectRecord(
            project_id=node_project_id(instance, node.node_id),
            title=shown_title(node.title, node.node_id),
            kind="rdm",
            location=NodePlace(instance, node.node_id).location,
            created_by=source.created_by,
            created_at=self.now(),
            source_id=source.project_id,
            instance=instance,
            node=node.node_id,
            parent_node=node.parent,
            link=node.link,
            is_public=node.is_public,
            is_registration=node.is_registration,
        )
