"""Who may see which passages: the only place where an access filter is made."""

from collections.abc import Sequence

from contracts.principal import Principal
from contracts.problems import NotAllowed
from rag.ports import KnownProject, ProjectAccess
from rag.problems import ProjectUnknown
from rag.store.port import AccessFilter


async def readable_projects(principal: Principal, access: ProjectAccess) -> list[KnownProject]:
    """Return the projects that `principal` may read now.

    Raises:
        NotAllowed: the key lacks the scope `read`.
    """
    if "read" not in principal.scopes:
        raise NotAllowed("read")
    return await access.readable_projects(principal)


async def access_filter(
    principal: Principal, requested: Sequence[str] | None, access: ProjectAccess
) -> AccessFilter:
    """Return the filter for a search by `principal`, over `requested` or all readable projects.

    Whatever goes wrong on the way is raised: there is no filter without an answer to who may read.
    No readable project, or an empty `requested`, gives the filter that lets nothing through.

    Raises:
        NotAllowed: the key lacks the scope `read`.
        ProjectUnknown: a requested project is not there or not readable; the two look alike.
    """
    readable = {project.project_id for project in await readable_projects(principal, access)}
    if requested is None:
        return AccessFilter(frozenset(readable))
    for project_id in requested:
        if project_id not in readable:
            raise ProjectUnknown(project_id)
    return AccessFilter(frozenset(requested))


def whole_project(project_id: str) -> AccessFilter:
    """Return the filter for whoever keeps one project's index; never for a caller's request."""
    return AccessFilter(frozenset({project_id}))
