"""Add and remove sources: folders, mounts, and projects of GakuNin RDM and OSF."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from connectors.rdm.api import RdmApi
from contracts.principal import Principal
from contracts.problems import InvalidRequest, NotAllowed
from rag.problems import ProjectUnknown
from service.access.links import Links
from service.access.recorded import is_local_operator
from service.problems import LinkUnreadable, ProjectBusy, ProjectExists, TokenKeysMissing
from service.records.jobs import JobRecords
from service.records.links import source_subject
from service.records.projects import ProjectRecord, ProjectRecords
from service.records.sources import SourceRecords
from service.sources.indexing import Indexing
from service.sources.order import SourceOrder
from service.sources.places import (
    FolderPlace,
    MountPlace,
    NodePlace,
    check_folder_id,
    find_folder,
    folder_ids,
    mounted_node,
    node_project_id,
    parse_place,
)
from service.sources.sessions import SourceSessions
from service.sources.sync_plan import shown_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Registers and removes sources. Needs the scope `admin`; checks it itself."""

    records: SourceRecords
    projects: ProjectRecords
    jobs: JobRecords
    indexer: Indexing
    links: Links
    sessions: SourceSessions
    roots: Sequence[Path]
    mounted_node: str | None = None
    """The node that is mounted where a mount's project is not named."""

    async def add(self, principal: Principal, order: SourceOrder) -> ProjectRecord:
        """Return the project of a source, which is made if there is none; nothing is indexed yet.

        Raises:
            NotAllowed: the key lacks the scope `admin`.
            InvalidRequest: a part of the order is wrong, or does not go with the location.
            FolderRefused: not below a folder that the operator allows.
            FolderMissing: no folder there.
            ProjectExists: the id is taken by something else.
            ProjectBusy: it is a component of a source that is being synced.
            RdmGone, RdmForbidden: there is no such node, or it may not be read.
            RdmTokenRefused, RdmUnavailable, RdmBudgetSpent: whether there is one is not known.
            TokenKeysMissing: the token cannot be kept.
        """
        _require_admin(principal)
        match parse_place(order.location):
            case NodePlace() as place:
                project = await self._node(principal, place, order)
            case MountPlace(path):
                project = await self._mount(principal, path, order)
            case FolderPlace(path):
                return await self._add_folder(principal, path, order)
        return await self._insert(project, order)

    async def remove(self, principal: Principal, source_id: str) -> None:
        """Forget a source with all that came with it: passages, records, jobs and its token.

        Its files are left alone. What dies on the way has ended as a source, and is removed whole
        by removing it again.

        Raises:
            NotAllowed: the key lacks the scope `admin`.
            ProjectUnknown: there is no source with this id.
            ProjectBusy: it is being synced.
        """
        _require_admin(principal)
        source = await self.projects.find(source_id)
        if source is None or not source.is_source:
            raise ProjectUnknown(source_id)
        await self.records.retire(source_id)
        for project in await self.projects.of_source(source_id):
            await self.indexer.forget(project.project_id)
        await self.records.remove(source_id)

    async def requests_today(self, source_id: str) -> int | None:
        """Return how many requests RDM got today with a source's token.

        None where there is none: of other kinds of sources, or where it cannot be opened.
        """
        project = await self.projects.find(source_id)
        if project is None or project.kind != "rdm" or project.instance is None:
            return None
        try:
            return await self.sessions.used_today(source_id, project.instance)
        except (TokenKeysMissing, LinkUnreadable):
            return None

    async def _node(
        self, principal: Principal, place: NodePlace, order: SourceOrder
    ) -> ProjectRecord:
        """Return the project of a node that RDM has shown; its token is kept by then."""
        project_id = node_project_id(place.instance, place.node)
        if order.title is not None or order.project_id not in {None, project_id}:
            raise InvalidRequest("title, project_id: those of a project in RDM are given by RDM")
        await self._refuse_taken(project_id, place.location)
        if order.token is None:
            session = await self.sessions.open(project_id, place.instance)
        else:
            session = self.sessions.open_with(place.instance, order.token)
        node = await RdmApi(session).node(place.node)
        if order.token is not None:
            await self.links.link(source_subject(project_id), place.instance, order.token)
        return ProjectRecord(
            project_id=project_id,
            title=shown_title(node.title, node.node_id),
            kind="rdm",
            location=place.location,
            created_by=principal.id,
            created_at=datetime.now(UTC),
            instance=place.instance,
            node=node.node_id,
            parent_node=node.parent,
            link=node.link,
            is_public=node.is_public,
            is_registration=node.is_registration,
        )

    async def _mount(self, principal: Principal, path: str, order: SourceOrder) -> ProjectRecord:
        """Return the project that a mount makes: the same one as the node that is mounted."""
        _refuse_rdm_options(order)
        node = mounted_node(order.project_id, self.mounted_node)
        folder = await self._find_folder(principal, path)
        return ProjectRecord(
            project_id=node_project_id("rdm", node),
            title=order.title or f"{folder.name or folder} ({node})",
            kind="rdmfs",
            location=str(folder),
            created_by=principal.id,
            created_at=datetime.now(UTC),
            instance="rdm",
            node=node,
            link=self.sessions.page("rdm", node),
        )

    async def _add_folder(
        self, principal: Principal, path: str, order: SourceOrder
    ) -> ProjectRecord:
        _refuse_rdm_options(order)
        project_id, title = order.project_id, order.title
        if project_id is not None:
            check_folder_id(project_id)
        folder = await self._find_folder(principal, path)
        known = await self.projects.find_by_location(str(folder))
        if known is not None and known.kind == "folder" and project_id in {None, known.project_id}:
            project_id, title = known.project_id, title or known.title
        *better, last = [project_id] if project_id else folder_ids(folder)
        record = ProjectRecord(
            project_id=last,
            title=title or folder.name or str(folder),
            location=str(folder),
            created_by=principal.id,
            created_at=datetime.now(UTC),
        )
        for candidate in better:
            try:
                return await self._insert(
                    replace(record, project_id=candidate, source_id=""), order
                )
            except ProjectExists:
                continue
        return await self._insert(record, order)

    async def _insert(self, project: ProjectRecord, order: SourceOrder) -> ProjectRecord:
        await self.records.add(
            project,
            sync_every_s=order.sync_every_s,
            with_registrations=order.with_registrations,
        )
        return project

    async def _refuse_taken(self, project_id: str, location: str) -> None:
        """Refuse what the insertion would, before a token is kept for it."""
        known = await self.projects.find(project_id)
        if known is None:
            return
        if known.location != location:
            raise ProjectExists(project_id)
        if not known.is_source and await self.jobs.is_running(known.source_id):
            raise ProjectBusy(known.source_id)

    async def _find_folder(self, principal: Principal, path: str) -> Path:
        roots = None if is_local_operator(principal) else self.roots
        return await asyncio.to_thread(find_folder, path, roots)


def _refuse_rdm_options(order: SourceOrder) -> None:
    if order.token is not None or order.with_registrations:
        raise InvalidRequest("token, with_registrations: only for `rdm:…` and `osf:…`")


def _require_admin(principal: Principal) -> None:
    if "admin" not in principal.scopes:
        raise NotAllowed("admin")
