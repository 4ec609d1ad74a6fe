"""Who may see which passages: the only place where an access filter is made."""

from collections.abc import Collection, Sequence

from contracts.principal import Principal
from contracts.problems import NotAllowed
from rag.ports import KnownProject, ProjectAccess
from rag.problems import ProjectUnknown
from rag.store.port import AccessFilter


async def readable_projects(
    principal: Principal, access: ProjectAccess, *, among: Collection[str] | None = None
) -> list[KnownProject]:
    """Return the projects that `principal` may read now: all, or those with the ids `among`.

    Raises:
        NotAllowed: the key lacks the scope `read`.
    """
    if "read" not in principal.scopes:
        raise NotAllowed("read")
    return await access.readable_projects(principal, among)


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
    known = await readable_projects(principal, access, among=requested)
    readable = {project.project_id for project in known}
    if requested is None:
        return AccessFilter(frozenset(readable))
    for project_id in requested:
        if project_id not in readable:
            raise ProjectUnknown(project_id)
    return AccessFilter(frozenset(requested))


async def still_allowed(
    principal: Principal, project_ids: Collection[str], access: ProjectAccess
) -> frozenset[str]:
    """Return those of the projects of what was found that `principal` may read now, asked anew.

    For the last step before something is handed over: a grant may have ended since the search.
    Where nothing was found, nobody is asked.
    """
    if not project_ids:
        return frozenset()
    known = await readable_projects(principal, access, among=project_ids)
    return frozenset(project.project_id for project in known)


def whole_project(project_id: str) -> AccessFilter:
    """Return the filter for whoever keeps one project's index; never for a caller's request."""
    return AccessFilter(frozenset({project_id}))
