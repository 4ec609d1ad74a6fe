"""What a sync of an RDM tree must do, decided from what is known: no asking, no clock."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from connectors.rdm.models import LogEntry, Node
from rag.models import FileFailure, IndexReport, StalePart
from service.records.projects import MAX_TITLE, ProjectRecord
from service.sources.places import is_node_project

_COUNTED: Final = (
    "seen",
    "todo",
    "done",
    "unchanged",
    "removed",
    "moved",
    "passages",
    "failed",
)
_MOST_TOLD: Final = 100
Told = TypeVar("Told", FileFailure, StalePart)


def own_nodes(tree: Sequence[Node], *, top: str, other_sources: Collection[str]) -> list[Node]:
    """Return the nodes that a source keeps: not those of a source further down, nor below it.

    `tree` has parents before their components, and so has what is returned.
    """
    own: list[Node] = []
    left: set[str | None] = set()
    for node in tree:
        if node.node_id != top and (node.node_id in other_sources or node.parent in left):
            left.add(node.node_id)
        else:
            own.append(node)
    return own


def missing_records(known: Sequence[ProjectRecord], own: Sequence[Node]) -> list[ProjectRecord]:
    """Return a source's projects that are not its nodes any more, the deepest first.

    The tree does not show them now, or they are another source's.
    """
    kept = {node.node_id for node in own}
    return [record for record in reversed(known) if record.node not in kept]


def needs_token(known: Sequence[ProjectRecord]) -> bool:
    """Tell whether some of a source's projects were read with a token: nobody else may see them.

    To ask without one would make them look lost, while only the token is.
    """
    return any(
        record.indexed_at is not None and not record.is_public and not record.gone
        for record in known
    )


def may_trust_logs(
    record: ProjectRecord | None,
    newest_log: LogEntry | None,
    *,
    now: datetime,
    relist_after_s: float,
) -> bool:
    """Tell whether nothing can have changed since a project's files were last listed.

    Not where there is no log, and not for ever: storages behind RDM can be changed without one.
    """
    if record is None or record.listed_at is None or newest_log is None:
        return False
    age = now - record.listed_at
    is_fresh = timedelta(0) <= age < timedelta(seconds=relist_after_s)
    return is_fresh and record.log_mark == newest_log.log_id


def may_be_outdated(node: Node, newest_log: LogEntry | None) -> bool:
    """Tell whether something may have happened to a node after it was read, before its log was."""
    if newest_log is None:
        return False
    return node.modified is None or newest_log.at is None or newest_log.at > node.modified


def shown_title(title: str, node: str) -> str:
    """Return a title that every database keeps: one line, not endless; the id where it is empty."""
    line = " ".join("".join(char if char.isprintable() else " " for char in title).split())
    return line[:MAX_TITLE] or node


def add_up(finished: IndexReport, current: IndexReport, *, is_last: bool) -> IndexReport:
    """Return the report of a source: what is finished, and the project that it is at now.

    How long the rest will take is known only in the last project. Paths in other projects than the
    source's own have the project's id before them.
    """
    counts = {name: getattr(finished, name) + getattr(current, name) for name in _COUNTED}
    before = "" if current.project_id == finished.project_id else f"{current.project_id}/"
    failures = [_below(before, failure) for failure in current.failures]
    stale = [_below(before, part) for part in current.stale]
    return finished.model_copy(
        update={
            **counts,
            "stage": "indexing" if current.stage == "done" else current.stage,
            "current": current.current,
            "current_project": current.current_project,
            "eta_s": current.eta_s if is_last else None,
            "failures": [*finished.failures, *failures][:_MOST_TOLD],
            "stale": [*finished.stale, *stale][:_MOST_TOLD],
        }
    )


def told_about(report: IndexReport, project_ids: Collection[str]) -> IndexReport:
    """Return the report of a tree without paths in any other project than these.

    It may be older than the loss of a component, whose files are nobody's to see any more.
    """
    is_current_told = report.current_project in project_ids
    return report.model_copy(
        update={
            "current": report.current if is_current_told else None,
            "current_project": report.current_project if is_current_told else None,
            "failures": [each for each in report.failures if _is_in(each.path, project_ids)],
            "stale": [each for each in report.stale if _is_in(each.path, project_ids)],
        }
    )


def _is_in(path: str, project_ids: Collection[str]) -> bool:
    """Tell whether a path is in one of the projects; those in the top name none."""
    owner = path.partition("/")[0]
    return owner in project_ids or not is_node_project(owner)


def _below(before: str, told: Told) -> Told:
    path = before + told.path.removeprefix("/") if before else told.path
    return told.model_copy(update={"path": path})
