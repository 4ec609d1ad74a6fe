"""The web host of the stand-in for GakuNin RDM: its metadata add-on, `/api/v1/project/…`."""

from collections.abc import Mapping, Sequence
from typing import cast

from tests.servers.rdm_replies import Reply, Request, json_reply, web_error
from tests.servers.rdm_world import RdmWorld, User, WorldNode


class RdmWeb:
    """Answers requests for the metadata of projects and files."""

    def __init__(self, world: RdmWorld) -> None:
        self.world = world

    def answer(self, request: Request) -> Reply:
        match request.segments:
            case ("api", "v1", "project", node_id, "metadata", *rest):
                return self._metadata(request, node_id, rest)
            case _:
                return web_error(404, "Page not found")

    def _metadata(self, request: Request, node_id: str, rest: Sequence[str]) -> Reply:
        user = self.world.user_of(request.token) if request.token is not None else None
        node = self.world.nodes.get(node_id)
        if node is None:
            return web_error(404, "Page not found")
        if node.is_gone:
            return web_error(410, "Resource deleted")
        if request.token is not None and user is None:
            return web_error(401, "Unauthorized")
        if not self.world.may_view(user, node):
            return web_error(403 if user else 401, "Forbidden" if user else "Unauthorized")
        if node.metadata is None:
            return web_error(400, "Bad request")
        return _described(node, node.metadata, rest, user)


def _described(
    node: WorldNode, metadata: Mapping[str, object], rest: Sequence[str], user: User | None
) -> Reply:
    match rest:
        case ["project"]:
            no_features: dict[str, bool] = {}
            own = node.contributors.get(user.user_id) if user else None
            shown = {"editable": own in {"write", "admin"}, "features": no_features, **metadata}
            return _document(node, "metadata-node-project", shown)
        case ["files", *names]:
            return _document(node, "metadata-node-file", _of_file(metadata, "/".join(names)))
        case ["schemas"]:
            formats: dict[str, object] = {"formats": [], "destinations": []}
            return _document(node, "metadata-node-schema", formats)
        case _:
            return web_error(404, "Page not found")


def _of_file(metadata: Mapping[str, object], path: str) -> Mapping[str, object] | None:
    """Return the metadata of a file, or else of a folder above it, marked as generated."""
    files = cast("Sequence[Mapping[str, object]]", metadata["files"])
    known = {str(file["path"]).rstrip("/"): file for file in files}
    above = path
    while above:
        if above in known:
            inherited = {"generated": True, "hash": None, "path": path} if above != path else {}
            return {**known[above], **inherited}
        above = above.rpartition("/")[0]
    return None


def _document(node: WorldNode, kind: str, attributes: Mapping[str, object] | None) -> Reply:
    return json_reply({"data": {"id": node.node_id, "type": kind, "attributes": attributes}})
