"""Who may read which project now: what the caller's key was granted and RDM shows its account."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from connectors.rdm.settings import InstanceName
from contracts.principal import ALL_SCOPES, Principal
from rag.ports import KnownProject
from rag.problems import ProjectUnknown
from service.access.rdm_readers import RdmReaders
from service.access.who_reads import (
    NOTHING_READABLE,
    View,
    hidden_public_nodes,
    instances_to_ask,
    is_granted,
    nodes_of,
    public_nodes,
    readable_among,
)
from service.keys import EVERY_PROJECT, Keys
from service.records.links import LinkRecord, key_subject, links_of
from service.records.models import KeyRow
from service.records.projects import ProjectRecord, ProjectRecords, all_projects
from service.records.unchanged import Unchanged

LOCAL_OPERATOR = Principal(id="local-operator", name="Local operator", scopes=ALL_SCOPES)
"""Whoever runs the service or may read its data folder: all scopes, all projects."""


def is_local_operator(principal: Principal) -> bool:
    """Tell the operator from holders of keys; no key can be made that passes for it."""
    return principal.key_id is None and principal.id == LOCAL_OPERATOR.id


@dataclass(frozen=True, slots=True)
class Recorded:
    """All the projects there are, and what a caller's key was granted and linked to."""

    projects: Sequence[ProjectRecord]
    granted: frozenset[str] = frozenset()
    links: Mapping[InstanceName, LinkRecord] = field(default_factory=dict[InstanceName, LinkRecord])


class _Rows(NamedTuple):
    """What of it is in the database; what a key covers also depends on the time."""

    projects: Sequence[ProjectRecord]
    key: KeyRow | None = None
    links: Sequence[LinkRecord] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAccess:
    """Implements `rag.ports.ProjectAccess`.

    The records count as they are at that moment; what RDM has said counts for a minute at most.
    Whatever it cannot or will not say is raised: nobody sees more, or silently less, because of it.
    """

    projects: ProjectRecords
    keys: Keys
    readers: RdmReaders
    _known: Unchanged[str | None, _Rows] = field(init=False)

    def __post_init__(self) -> None:
        """Remember the records until anything is written."""
        object.__setattr__(self, "_known", Unchanged(self.projects.database))

    async def readable_projects(
        self, principal: Principal, among: Collection[str] | None = None
    ) -> list[KnownProject]:
        """Return the projects that exist and that the caller may read, by title.

        Raises:
            RdmUnavailable, RdmBudgetSpent: RDM cannot say what its projects show.
            RdmTokenRefused: the caller's linked token is not valid any more.
            TokenKeysMissing, LinkUnreadable: it cannot be opened here.
        """
        recorded = await self._recorded(principal)
        projects = recorded.projects
        if not is_local_operator(principal):
            projects = await self._readable_by_key(recorded, among)
        return [
            project.known for project in projects if among is None or project.project_id in among
        ]

    async def granted(self, principal: Principal) -> frozenset[str]:
        """Return the project ids that the caller's key covers, or `EVERY_PROJECT`."""
        if is_local_operator(principal):
            return frozenset({EVERY_PROJECT})
        if principal.key_id is None:
            return frozenset()
        return await self.keys.granted_projects(principal.key_id)

    async def sees(self, principal: Principal, project_id: str) -> bool:
        """Tell whether the project exists and the caller may read it: the same work either way.

        Raises:
            Problem: see `readable_projects`.
        """
        readable = await self.readable_projects(principal, [project_id])
        return any(project.project_id == project_id for project in readable)

    async def sees_behind(self, principal: Principal, project_id: str | None) -> bool:
        """Tell whether the caller may read the project behind an id that does not show it.

        None stands for an id with nothing behind it: that takes the same work as a project that
        the caller may not read.

        Raises:
            Problem: see `readable_projects`; about a granted folder RDM is not asked.
        """
        project = await self.projects.find(project_id or "")
        granted = await self.granted(principal)
        is_folder = project is not None and project.instance is None
        if is_folder and is_granted(project_id or "", granted):
            return True
        readable = await self.readable_projects(principal)
        return any(each.project_id == project_id for each in readable)

    async def require(self, principal: Principal, project_id: str) -> None:
        """Let pass who sees the project.

        Raises:
            ProjectUnknown: it is not there, or not the caller's to see; the two look alike.
            Problem: see `readable_projects`.
        """
        if not await self.sees(principal, project_id):
            raise ProjectUnknown(project_id)

    async def _recorded(self, principal: Principal) -> Recorded:
        """Return all that a decision follows from, as it is at one moment."""
        key_id = principal.key_id
        rows = await self._known.get(key_id, partial(self._read, key_id))
        links: dict[InstanceName, LinkRecord] = {link.instance: link for link in rows.links}
        return Recorded(rows.projects, self.keys.granted_by(rows.key), links)

    async def _read(self, key_id: str | None) -> _Rows:
        async with self.projects.database.read() as session:
            projects = await all_projects(session)
            if key_id is None:
                return _Rows(projects)
            key = await session.get(KeyRow, key_id)
            # Only nodes of an instance are shown by a link: without any, none is looked for.
            linked = any(project.instance is not None for project in projects)
            links = await links_of(session, key_subject(key_id)) if linked else []
        return _Rows(projects, key, links)

    async def _readable_by_key(
        self, recorded: Recorded, among: Collection[str] | None
    ) -> list[ProjectRecord]:
        projects, granted = recorded.projects, recorded.granted
        views: dict[InstanceName, View] = {
            instance: await self._view(instance, recorded)
            for instance in instances_to_ask(projects, granted=granted, among=among)
        }
        return readable_among(projects, granted=granted, views=views)

    async def _view(self, instance: InstanceName, recorded: Recorded) -> View:
        """Ask an instance what it shows the caller; what is public only where that matters."""
        projects, granted = recorded.projects, recorded.granted
        link = recorded.links.get(instance)
        readable = NOTHING_READABLE
        if link is not None:
            registrations = any(each.is_registration for each in nodes_of(projects, instance))
            readable = await self.readers.readable(link, registrations=registrations)
        if not hidden_public_nodes(projects, instance, granted=granted, readable=readable):
            return View(readable=readable)
        candidates = public_nodes(projects, instance)
        return View(readable=readable, public=await self.readers.public_among(instance, candidates))
