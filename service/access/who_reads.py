"""Who may read a project: the rule itself, from values to values."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from connectors.rdm.models import Readable
from connectors.rdm.readable import is_readable
from connectors.rdm.settings import InstanceName
from service.keys import EVERY_PROJECT
from service.records.projects import ProjectRecord

_INSTANCES: Final[tuple[InstanceName, ...]] = get_args(InstanceName)
_Place = tuple[InstanceName, str]
_MOST_ABOVE: Final = 100  # no tree is so deep, but for one made to hold up whoever reads it
NOTHING_READABLE: Final = Readable(contributed=frozenset(), administered=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What an instance of RDM shows a caller now."""

    readable: Readable = NOTHING_READABLE
    """What the caller's linked account may read."""
    public: frozenset[str] = frozenset()
    """Nodes that everybody may read."""


def is_granted(project_id: str, granted: Collection[str]) -> bool:
    """Tell whether a grant covers a project."""
    return EVERY_PROJECT in granted or project_id in granted


def readable_among(
    projects: Sequence[ProjectRecord],
    *,
    granted: Collection[str],
    views: Mapping[InstanceName, View],
) -> list[ProjectRecord]:
    """Return the projects that a caller may read, in their order.

    A folder: whoever's key was granted it. A node of RDM: of those, whom RDM shows it too, as a
    contributor or administrator, or because it is public, now and when it was last synced. An
    instance that has no view shows nothing.
    """
    parents = _parents(projects)
    return [
        project
        for project in projects
        if is_granted(project.project_id, granted) and _is_shown(project, parents, views)
    ]


def hidden_public_nodes(
    projects: Sequence[ProjectRecord],
    instance: InstanceName,
    *,
    granted: Collection[str],
    readable: Readable,
) -> frozenset[str]:
    """Return the nodes of an instance that a caller would see only because they are public."""
    parents = _parents(projects)
    return frozenset(
        project.node
        for project in nodes_of(projects, instance)
        if project.node is not None
        and project.is_public
        and is_granted(project.project_id, granted)
        and not is_readable(project.node, _ancestors(project, parents), readable)
    )


def public_nodes(projects: Iterable[ProjectRecord], instance: InstanceName) -> frozenset[str]:
    """Return the nodes of an instance that everybody could read when they were last synced."""
    return frozenset(
        project.node
        for project in nodes_of(projects, instance)
        if project.node is not None and project.is_public
    )


def nodes_of(projects: Iterable[ProjectRecord], instance: InstanceName) -> list[ProjectRecord]:
    """Return the nodes of an instance that are still there."""
    return [each for each in projects if each.instance == instance and not each.gone]


def instances_to_ask(
    projects: Sequence[ProjectRecord],
    *,
    granted: Collection[str],
    among: Collection[str] | None,
) -> list[InstanceName]:
    """Return the instances without which it cannot be told who may read what is asked for.

    Of ids that a caller names, their form alone decides, but for folders that it may read: an id
    that is not there is looked for exactly as one that is.
    """
    kept: list[InstanceName] = [
        instance
        for instance in _INSTANCES
        if any(is_granted(each.project_id, granted) for each in nodes_of(projects, instance))
    ]
    if among is None:
        return kept
    folders = {each.project_id for each in projects if each.instance is None}
    named = [
        project_id
        for project_id in among
        if not (project_id in folders and is_granted(project_id, granted))
    ]
    return [each for each in kept if any(name.startswith(f"{each}-") for name in named)]


def _is_shown(
    project: ProjectRecord,
    parents: Mapping[_Place, str | None],
    views: Mapping[InstanceName, View],
) -> bool:
    if project.gone:
        return False
    if project.instance is None or project.node is None:
        return True
    view = views.get(project.instance, View())
    return is_readable(project.node, _ancestors(project, parents), view.readable) or (
        project.is_public and project.node in view.public
    )


def _parents(projects: Sequence[ProjectRecord]) -> dict[_Place, str | None]:
    """Return the node above each node.

    A node that is hidden from the token of a source, while a component of it is not, is known to
    hang below the source's top: its own parent is not known, so the top stands for it.
    """
    tops = {each.project_id: each.node for each in projects}
    known: dict[_Place, str | None] = {}
    hidden: dict[_Place, str | None] = {}
    for each in projects:
        if each.instance is None or each.node is None:
            continue
        known[each.instance, each.node] = each.parent_node
        if each.parent_node is not None and not each.is_source and not each.is_registration:
            hidden[each.instance, each.parent_node] = tops.get(each.source_id)
    return hidden | known


def _ancestors(project: ProjectRecord, parents: Mapping[_Place, str | None]) -> list[str]:
    """Return the nodes above one, nearest first, as far as they are known.

    Of an endless chain only the beginning: every request walks it.
    """
    above: list[str] = []
    parent = project.parent_node
    while project.instance is not None and parent is not None and len(above) < _MOST_ABOVE:
        above.append(parent)
        parent = parents.get((project.instance, parent))
    return above
