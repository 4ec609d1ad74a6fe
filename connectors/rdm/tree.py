"""The order of a tree of projects and components, of which one may not see all."""

from collections.abc import Iterable, Mapping
from typing import Final

from connectors.rdm.models import Node

_DEEPEST: Final = 1_000  # no tree is so deep, but for a circle, and one made to take for ever


def below(top: str, nodes: Iterable[Node]) -> list[Node]:
    """Return `top`, if it is among them, and what hangs below it: parents first, then by id.

    A component whose parent is hidden from the token is known to hang below the project at the
    root, and not known to hang below any other: a tree that begins further down is without it.
    """
    known = {node.node_id: node for node in nodes}
    depths = {node_id: _depth(node_id, top, known) for node_id in known}
    found = [(depth, node_id) for node_id, depth in depths.items() if depth is not None]
    return [known[node_id] for _, node_id in sorted(found)]


def parents_first(nodes: Iterable[Node]) -> list[Node]:
    """Order the nodes of any number of trees."""
    known = {node.node_id: node for node in nodes}
    return sorted(
        known.values(), key=lambda node: (_depth(node.node_id, node.root, known), node.node_id)
    )


def _depth(node_id: str, top: str, known: Mapping[str, Node]) -> int | None:
    """Return how far below `top` it is, as far as can be seen; None where it is not below."""
    depth = 0
    here: str | None = node_id
    while here is not None and here != top and here in known and depth < _DEEPEST:
        depth += 1
        here = known[here].parent
    return depth if top in {here, known[node_id].root} else None
