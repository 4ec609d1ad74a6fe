"""API v2 of the stand-in for GakuNin RDM: requests for users, nodes, files, wikis and logs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tests.servers.rdm_documents import Document, Documents
from tests.servers.rdm_pages import Item, paged
from tests.servers.rdm_replies import JSON_API, Reply, Request, api_error, json_reply
from tests.servers.rdm_storage import StoredFolder
from tests.servers.rdm_throttle import Throttle
from tests.servers.rdm_world import Log, RdmWorld, User, WorldNode

NOT_FOUND: Final = api_error(404, "Not found.")
FORBIDDEN: Final = api_error(403, "You do not have permission to perform this action.")
GONE: Final = api_error(410, "The requested resource is no longer available.")
NO_TOKEN: Final = api_error(401, "Authentication credentials were not provided.")
BAD_TOKEN: Final = api_error(401, "User provided an invalid OAuth2 access token")
_FILTERS: Final = frozenset({"id", "root", "parent", "public", "title", "category"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what every answer needs: who asks, and how documents are written."""

    request: Request
    user: User | None
    documents: Documents


class RdmApi:
    """Answers `/v2/…` from the world as it is now."""

    def __init__(self, world: RdmWorld) -> None:
        self.world = world
        self.api_url = ""
        self.web_url = ""
        self.throttle: Throttle | None = None

    def answer(self, request: Request) -> Reply:
        user = self.world.user_of(request.token) if request.token is not None else None
        if request.token is not None and user is None:
            return BAD_TOKEN
        version = request.version
        if version is None:
            return api_error(406, 'Invalid version in "Accept" header.')
        wait_s = self.throttle.wait_s(user.user_id if user else None) if self.throttle else 0
        if wait_s:
            detail = f"Request was throttled. Expected available in {wait_s} seconds."
            return api_error(429, detail, retry_after_s=wait_s)
        if request.method != "GET":
            return api_error(405, f'Method "{request.method}" not allowed.')
        documents = Documents(
            world=self.world,
            api_url=self.api_url,
            web_url=self.web_url,
            user=user,
            version=version,
            counted=_counted(request.query.get("related_counts", "")),
        )
        return self._route(Asked(request, user, documents))

    def _route(self, asked: Asked) -> Reply:
        match asked.request.segments:
            case ("v2", "users", *rest):
                return self._users(asked, rest)
            case ("v2", ("nodes" | "registrations") as kind):
                return self._nodes(asked, self._listed(asked.user, kind=kind))
            case ("v2", ("nodes" | "registrations") as kind, node_id, *rest):
                return self._of_node(asked, kind, node_id, rest)
            case ("v2", "wikis", wiki_id, *rest):
                return self._wiki(asked, wiki_id, rest)
            case _:
                return NOT_FOUND

    def _users(self, asked: Asked, rest: Sequence[str]) -> Reply:
        if asked.user is None:
            return NO_TOKEN
        if rest == ["me"]:
            return self._document(asked, asked.documents.account(asked.user))
        if rest in (["me", "nodes"], ["me", "registrations"]):
            return self._nodes(asked, self._contributed(asked.user, kind=rest[1]))
        return NOT_FOUND

    def _of_node(self, asked: Asked, kind: str, node_id: str, rest: Sequence[str]) -> Reply:
        node = self.world.nodes.get(node_id)
        if node is None or node.is_registration != (kind == "registrations"):
            return NOT_FOUND
        if not self.world.shows(asked.user, node):
            return _hidden(asked, node)
        match rest:
            case []:
                return self._document(asked, asked.documents.node(node))
            case ["files", provider, *names]:
                return self._folder(asked, node, provider, names)
            case [name] if name in (lists := self._lists()):
                return lists[name](asked, node)
            case _:
                return NOT_FOUND

    def _lists(self) -> Mapping[str, Callable[[Asked, WorldNode], Reply]]:
        return {
            "children": self._children,
            "contributors": self._contributors,
            "files": self._providers,
            "wikis": self._wikis,
            "logs": self._logs,
            "registrations": self._registrations,
        }

    def _children(self, asked: Asked, node: WorldNode) -> Reply:
        below = [one for one in self.world.nodes.values() if one.parent == node.node_id]
        return self._nodes(asked, [one for one in below if self.world.shows(asked.user, one)])

    def _registrations(self, asked: Asked, node: WorldNode) -> Reply:
        made = [one for one in self.world.nodes.values() if one.registered_from == node.node_id]
        return self._nodes(asked, [one for one in made if self.world.shows(asked.user, one)])

    def _contributors(self, asked: Asked, node: WorldNode) -> Reply:
        found = [asked.documents.contributor(node, one) for one in node.contributors]
        return self._page(asked, found, lambda document: document)

    def _providers(self, asked: Asked, node: WorldNode) -> Reply:
        return self._page(asked, list(node.storages.values()), asked.documents.provider)

    def _folder(self, asked: Asked, node: WorldNode, provider: str, names: Sequence[str]) -> Reply:
        storage = node.storages.get(provider)
        if storage is None:
            return NOT_FOUND
        if storage.failing is not None:
            return api_error(503, "Could not retrieve files information at this time.")
        path = "/".join(names)
        found = storage.find(f"/{path}/" if path else "/") or storage.find(f"/{path}")
        if found is None:
            return NOT_FOUND
        if not isinstance(found, StoredFolder):
            return self._document(asked, asked.documents.file(storage, found))
        children = list(found.children.values())
        return self._page(asked, children, lambda entry: asked.documents.file(storage, entry))

    def _wikis(self, asked: Asked, node: WorldNode) -> Reply:
        if not node.has_wiki:
            return api_error(404, "The wiki for this node has been disabled.")
        pages = list(node.wikis.values())
        return self._page(asked, pages, lambda page: asked.documents.wiki(node, page))

    def _wiki(self, asked: Asked, wiki_id: str, rest: Sequence[str]) -> Reply:
        found = [
            (node, page)
            for node in self.world.nodes.values()
            for page in node.wikis.values()
            if page.wiki_id == wiki_id
        ]
        if not found or rest not in ([], ["content"]):
            return NOT_FOUND
        [(node, page)] = found
        if not self.world.shows(asked.user, node):
            return _hidden(asked, node)
        if rest == ["content"]:
            headers = {"content-type": "text/markdown; charset=utf-8"}
            return Reply(200, headers, page.versions[-1][0])
        return self._document(asked, asked.documents.wiki(node, page))

    def _logs(self, asked: Asked, node: WorldNode) -> Reply:
        """Newest first: those of the node, and of components the user may see."""
        parts = [node.logs]
        parts += [one.logs for one in self.world.below(node) if self.world.shows(asked.user, one)]
        logs: Sequence[Log] = sorted(
            (log for part in parts for log in part), key=lambda log: log.number, reverse=True
        )
        since = asked.request.query.get("filter[date][gte]")
        if since:
            start = datetime.fromisoformat(since)
            start = start if start.tzinfo else start.replace(tzinfo=UTC)
            logs = [log for log in logs if log.date >= start]
        return self._page(asked, logs, asked.documents.log)

    def _listed(self, user: User | None, *, kind: str) -> list[WorldNode]:
        """Return what `nodes/` and `registrations/` show: public, and what the user works on."""
        return [
            node
            for node in self.world.nodes.values()
            if not node.is_gone
            and node.is_registration == (kind == "registrations")
            and (
                node.is_public
                or self.world.contributes(user, node)
                or (self.world.lists_administered and self.world.may_view(user, node))
            )
        ]

    def _contributed(self, user: User, *, kind: str) -> list[WorldNode]:
        return [
            node
            for node in self.world.nodes.values()
            if not node.is_gone
            and node.is_registration == (kind == "registrations")
            and self.world.contributes(user, node)
        ]

    def _nodes(self, asked: Asked, nodes: Iterable[WorldNode]) -> Reply:
        """Answer with those that pass the filters, the latest change first."""
        filters = {
            name[7:-1]: value
            for name, value in asked.request.query.items()
            if name.startswith("filter[") and name.endswith("]")
        }
        for name in filters.keys() - _FILTERS:
            detail = f"'{name}' is not a valid field for this endpoint."
            return api_error(400, detail, source={"parameter": "filter"})
        found = [node for node in nodes if all(_passes(node, *one) for one in filters.items())]
        found.sort(key=lambda node: node.logs[-1].number, reverse=True)
        return self._page(asked, found, asked.documents.node)

    def _document(self, asked: Asked, document: Document) -> Reply:
        meta = {"version": _written(asked)}
        return json_reply({"data": document, "meta": meta}, content_type=JSON_API)

    def _page(
        self, asked: Asked, items: Sequence[Item], write: Callable[[Item], Document]
    ) -> Reply:
        host = self.api_url.removesuffix("/v2/")
        return paged(asked.request, items, write, host=host, version=asked.documents.version)


def _counted(asked: str) -> frozenset[str]:
    if asked.lower() in {"true", "1"}:
        return frozenset({"children", "contributors", "wikis"})
    return frozenset(asked.split(","))


def _hidden(asked: Asked, node: WorldNode) -> Reply:
    """Say why a node that exists is not shown: deleted, or not this user's."""
    if node.is_gone:
        return GONE
    return FORBIDDEN if asked.user else NO_TOKEN


def _written(asked: Asked) -> str:
    major, minor = asked.documents.version
    return f"{major}.{minor}"


def _passes(node: WorldNode, name: str, value: str) -> bool:
    """Tell whether a node passes `filter[name]=value`; ids may be several, with commas."""
    match name:
        case "id":
            return node.node_id in value.split(",")
        case "root":
            return node.root in value.split(",")
        case "parent":
            return (node.parent or "null") in value.split(",")
        case "public":
            return node.is_public == (value.lower() in {"true", "1"})
        case "category":
            return node.category == value
        case _:
            return value.casefold() in node.title.casefold()
