"""Who may read which project: what the caller's key was granted, and nothing else."""

from dataclasses import dataclass

from contracts.principal import ALL_SCOPES, Principal
from rag.ports import KnownProject
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
        if is_local_operator(principal):
            return await self.projects.list_known()
        if principal.key_id is None:
            return []
        granted = await self.keys.granted_projects(principal.key_id)
        return [
            project
            for project in await self.projects.list_known()
            if EVERY_PROJECT in granted or project.project_id in granted
        ]
