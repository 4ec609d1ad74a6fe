"""Who may read which project: what the caller's key was granted, and nothing else."""

from collections.abc import Collection
from dataclasses import dataclass

from contracts.principal import ALL_SCOPES, Principal
from rag.ports import KnownProject
from rag.problems import ProjectUnknown
from service.keys import EVERY_PROJECT, Keys
from service.records.projects import ProjectRecords

LOCAL_OPERATOR = Principal(id="local-operator", name="Local operator", scopes=ALL_SCOPES)
"""Whoever runs the service or may read its data folder: all scopes, all projects."""


def is_local_operator(principal: Principal) -> bool:
    """Tell the operator from holders of keys; no key can be made that passes for it."""
    return principal.key_id is None and principal.id == LOCAL_OPERATOR.id


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAccess:
    """Implements `rag.ports.ProjectAccess` from the records; asks them anew each time."""

    projects: ProjectRecords
    keys: Keys

    async def readable_projects(self, principal: Principal) -> list[KnownProject]:
        """Return the projects that exist and that the caller's key was granted, by title."""
        granted = await self.granted(principal)
        return [
            project
            for project in await self.projects.list_known()
            if is_granted(project.project_id, granted)
        ]

    async def granted(self, principal: Principal) -> frozenset[str]:
        """Return the project ids that the caller may see, or `EVERY_PROJECT`."""
        if is_local_operator(principal):
            return frozenset({EVERY_PROJECT})
        if principal.key_id is None:
            return frozenset()
        return await self.keys.granted_projects(principal.key_id)

    async def sees(self, principal: Principal, project_id: str) -> bool:
        """Tell whether the project exists and the caller was granted it."""
        if not is_granted(project_id, await self.granted(principal)):
            return False
        return await self.projects.find(project_id) is not None

    async def require(self, principal: Principal, project_id: str) -> None:
        """Let pass who sees the project.

        Raises:
            ProjectUnknown: it is not there, or not the caller's to see; the two look alike.
        """
        if not await self.sees(principal, project_id):
            raise ProjectUnknown(project_id)


def is_granted(project_id: str, granted: Collection[str]) -> bool:
    """Tell whether a grant covers a project."""
    return EVERY_PROJECT in granted or project_id in granted
