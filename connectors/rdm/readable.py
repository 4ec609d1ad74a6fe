"""Who may read a project: RDM's own rule, on what RDM has said."""

from collections.abc import Sequence

from connectors.rdm.models import Readable


def is_readable(node_id: str, ancestors: Sequence[str], readable: Readable) -> bool:
    """Tell whether RDM shows a private node to the one whose `readable` it is.

    To its contributors, and to the administrators of any node above it (`ancestors`: its parent,
    that one's parent, and so on). Who merely reads or writes a node above it may not.

    Source: `is_admin_parent` and `can_view` in OSF's `osf/models/node.py`.
    """
    return node_id in readable.contributed or not readable.administered.isdisjoint(ancestors)
