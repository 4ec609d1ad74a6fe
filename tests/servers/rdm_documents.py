"""What API v2 says of nodes, files, wikis and logs: JSON:API documents of the stand-in's world."""

import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tests.servers.rdm_storage import Entry, Storage, StoredFile
from tests.servers.rdm_world import PERMISSIONS, Log, RdmWorld, User, Wiki, WorldNode

Document = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Writes documents as one user sees them, in one version of the API."""

    world: RdmWorld
    api_url: str
    web_url: str
    user: User | None
    version: tuple[int, int]
    counted: frozenset[str] = frozenset()
    """The relationships of nodes whose size is told: `related_counts=children,wikis`."""

    def account(self, user: User) -> Document:
        family, _, given = user.full_name.partition(" ")
        return {
            "id": user.user_id,
            "type": "users",
            "attributes": {
                "full_name": user.full_name,
                "given_name": given,
                "family_name": family,
                "active": True,
                "timezone": "Asia/Tokyo",
                "locale": "ja_JP",
            },
            "links": {"self": f"{self.api_url}users/{user.user_id}/"},
        }

    def node(self, node: WorldNode) -> Document:
        kind = "registrations" if node.is_registration else "nodes"
        own = {"registered_from": node.registered_from} if node.is_registration else {}
        return {
            "id": node.node_id,
            "type": kind,
            "attributes": {
                "title": node.title,
                "description": node.description,
                "category": node.category,
                "date_created": self._time(node.created),
                "date_modified": self._time(node.logs[-1].date),
                "registration": node.is_registration,
                "fork": False,
                "collection": False,
                "tags": list(node.tags),
                "node_license": None,
                "public": node.is_public,
                "wiki_enabled": node.has_wiki,
                "current_user_can_comment": self.world.contributes(self.user, node),
                "current_user_is_contributor": self.world.contributes(self.user, node),
                "current_user_permissions": self._permissions(node),
                **({"withdrawn": False, **own} if node.is_registration else {}),
            },
            "relationships": self._relationships(node, kind),
            "links": {
                "html": f"{self.web_url}{node.node_id}/",
                "self": f"{self.api_url}{kind}/{node.node_id}/",
            },
        }

    def contributor(self, node: WorldNode, user_id: str) -> Document:
        return {
            "id": f"{node.node_id}-{user_id}",
            "type": "contributors",
            "attributes": {
                "index": list(node.contributors).index(user_id),
                "bibliographic": True,
                "permission": node.contributors[user_id],
                "unregistered_contributor": None,
            },
            "relationships": {"users": self._related(f"users/{user_id}/", "users", user_id)},
            "embeds": {"users": {"data": self.account(self.world.users[user_id])}},
        }

    def provider(self, storage: Storage) -> Document:
        at = f"nodes/{storage.node}/files/{storage.provider}/"
        return {
            "id": f"{storage.node}:{storage.provider}",
            "type": "files",
            "attributes": {
                "kind": "folder",
                "name": storage.provider,
                "path": "/",
                "node": storage.node,
                "provider": storage.provider,
            },
            "relationships": {"files": self._related(at)},
            "links": {"storage_addons": f"{self.api_url}addons/?filter%5Bcategories%5D=storage"},
        }

    def file(self, storage: Storage, entry: Entry) -> Document:
        handle = storage.handle_of(entry)
        at = f"nodes/{storage.node}/files/{storage.provider}{quote(handle)}"
        told: Mapping[str, object] = {"kind": "folder", "size": None}
        if isinstance(entry, StoredFile):
            told = self._file_facts(storage, entry)
        return {
            "id": entry.entry_id,
            "type": "files",
            "attributes": {
                "guid": None,
                "checkout": None,
                "name": entry.name,
                "path": handle,
                "provider": storage.provider,
                "materialized_path": entry.materialized,
                "last_touched": None,
                "tags": [],
                **told,
            },
            "relationships": {"files": self._related(at)} if told["kind"] == "folder" else {},
            "links": {"self": f"{self.api_url}files/{entry.entry_id}/"},
        }

    def wiki(self, node: WorldNode, page: Wiki) -> Document:
        content, modified = page.versions[-1]
        at = f"{self.api_url}wikis/{page.wiki_id}/"
        return {
            "id": page.wiki_id,
            "type": "wikis",
            "attributes": {
                "kind": "file",
                "name": page.name,
                "path": f"/{page.wiki_id}",
                "materialized_path": f"/{page.wiki_id}",
                "size": len(content),
                "content_type": "text/markdown",
                "date_modified": self._time(modified),
                "current_user_can_comment": self.world.contributes(self.user, node),
                "extra": {"version": len(page.versions)},
            },
            "relationships": {"node": self._related(f"nodes/{node.node_id}/", "nodes")},
            "links": {"info": at, "download": f"{at}content/", "self": at},
        }

    def log(self, log: Log) -> Document:
        node = self._related(f"nodes/{log.node}/", "nodes", log.node)
        return {
            "id": log.log_id,
            "type": "logs",
            "attributes": {
                "date": self._time(log.date),
                "action": log.action,
                "params": dict(log.params),
            },
            "relationships": {"node": node, "original_node": node},
            "links": {"self": f"{self.api_url}logs/{log.log_id}/"},
        }

    def _relationships(self, node: WorldNode, kind: str) -> Document:
        at = f"{kind}/{node.node_id}"
        parent, root = node.parent, node.root
        names = ["children", "contributors", "files", "logs", *(["wikis"] if node.has_wiki else [])]
        relations: Document = {
            name: self._related(f"{at}/{name}/", count=self._count(node, name)) for name in names
        }
        relations["root"] = self._related(f"{kind}/{root}/", kind, root)
        if parent is not None:
            relations["parent"] = self._related(f"{kind}/{parent}/", kind, parent)
        return relations

    def _count(self, node: WorldNode, name: str) -> int | None:
        """Return how many there are; None where that was not asked, or is never told."""
        if name not in self.counted:
            return None
        if name == "children":
            children = [one for one in self.world.nodes.values() if one.parent == node.node_id]
            return sum(self.world.shows(self.user, one) for one in children)
        sizes = {"contributors": len(node.contributors), "wikis": len(node.wikis)}
        return sizes.get(name)

    def _related(
        self, path: str, kind: str = "", target: str = "", count: int | None = None
    ) -> Document:
        meta: Document = {} if count is None else {"count": count}
        document: Document = {"links": {"related": {"href": f"{self.api_url}{path}", "meta": meta}}}
        return document | ({"data": {"id": target, "type": kind}} if target else {})

    def _permissions(self, node: WorldNode) -> list[str]:
        """Return what the user may do; before 2.11 all who see the node are said to read it."""
        own = node.contributors.get(self.user.user_id) if self.user else None
        if own is not None:
            return list(PERMISSIONS[: PERMISSIONS.index(own) + 1])
        return ["read"] if self.version < (2, 11) else []

    def _file_facts(self, storage: Storage, file: StoredFile) -> Mapping[str, object]:
        latest = file.latest
        hashes = {name: getattr(latest.content, name) for name in storage.style.hashes}
        modified = self._time(latest.modified) if storage.style.has_modified else None
        return {
            "kind": "file",
            "size": latest.content.size,
            "date_modified": modified,
            "date_created": self._time(file.created) if modified else None,
            "current_version": latest.number,
            "content_type": mimetypes.guess_type(file.name)[0],
            "extra": {"hashes": {"md5": None, "sha256": None} | hashes, "downloads": 0},
        }

    def _time(self, moment: object) -> str:
        """Write a time as this version does: with `Z` from 2.2 on, without a zone before."""
        text = f"{moment:%Y-%m-%dT%H:%M:%S.%f}"
        return f"{text}Z" if self.version >= (2, 2) else text
