"""The one builder of access filters: which projects may this search see?"""

from collections.abc import Iterable, Sequence

from contracts.principal import Principal
from contracts.problems import NotAllowed
from rag.ports import ProjectAccess
from rag.problems import ProjectUnknown
from rag.store.port import AccessFilter


async def access_filter(
    principal: Principal, requested: Sequence[str] | None, access: ProjectAccess
) -> AccessFilter:
    """Return the filter for `requested` projects, or for all readable ones when it is None.

    Whatever `access` raises rises: no answer means no access.

    Raises:
        NotAllowed: the principal lacks the scope `read`.
        ProjectUnknown: a requested project is not there or not readable.
    """
    if "read" not in principal.scopes:
        raise NotAllowed("read")
    readable = {project.project_id for project in await access.readable_projects(principal)}
    return AccessFilter(_narrow(readable, requested))


def whole_project(project_id: str) -> AccessFilter:
    """Return the filter for maintenance of one project's index, on nobody's behalf."""
    return AccessFilter(frozenset({project_id}))


def _narrow(readable: Iterable[str], requested: Sequence[str] | None) -> frozenset[str]:
    allowed = frozenset(readable)
    if requested is None:
        return allowed
    for project_id in requested:
        if project_id not in allowed:
            raise ProjectUnknown(project_id)
    return frozenset(requested)
