"""What there is in the stand-in for GakuNin RDM: people, projects, permissions, files, logs.

world = RdmWorld()
world.add_user("u1aok", "青木 花子", token="aoki")
world.add_node("abc12", title="鋼の疲労試験")
world.grant("u1aok", "abc12", "admin")
world.put("abc12", "/実験/メモ.txt", "室温".encode())

Every change writes a log, as in RDM. Nothing here knows of HTTP.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from tests.servers.rdm_storage import STYLES, Content, Storage, StoredFile, Style, copy_of

Permission = Literal["read", "write", "admin"]
PERMISSIONS: Final[tuple[Permission, ...]] = ("read", "write", "admin")
Metadata = Mapping[str, object]
_UNDECODABLE: Final = re.compile("[\\udc80-\\udcff]")


@dataclass(frozen=True, slots=True)
class User:
    user_id: str
    full_name: str


@dataclass(frozen=True, slots=True)
class Log:
    number: int
    log_id: str
    node: str
    action: str
    date: datetime
    params: Mapping[str, object]


@dataclass(slots=True)
class Wiki:
    wiki_id: str
    name: str
    versions: list[tuple[bytes, datetime]]


@dataclass(kw_only=True, slots=True, eq=False)
class WorldNode:
    node_id: str
    title: str
    description: str
    category: str
    tags: Sequence[str]
    parent: str | None
    root: str
    created: datetime
    is_public: bool
    registered_from: str | None = None
    """The node of which this is a registration."""
    is_gone: bool = False
    has_wiki: bool = True
    contributors: dict[str, Permission] = field(default_factory=dict[str, Permission])
    storages: dict[str, Storage] = field(default_factory=dict[str, Storage])
    wikis: dict[str, Wiki] = field(default_factory=dict[str, Wiki])
    metadata: dict[str, object] | None = None
    """What RDM's metadata add-on knows of the node; None where it is not enabled."""
    logs: list[Log] = field(default_factory=list[Log])
    """Oldest first."""

    @property
    def is_registration(self) -> bool:
        return self.registered_from is not None


class RdmWorld:
    """The state of one instance; tests change it while it is served."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.users: dict[str, User] = {}
        self.tokens: dict[str, str] = {}
        """Token → user id."""
        self.nodes: dict[str, WorldNode] = {}
        self.lists_administered = False
        """Whether `nodes/` lists components that one may view only as an administrator above.

        RDM's does not (`default_node_permission_queryset` in its `api/base/utils.py`), while
        `nodes/{id}/` and `nodes/{id}/children/` do show them.
        """
        self._logs = 0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    # People

    def add_user(self, user_id: str, full_name: str = "", *, token: str | None = None) -> User:
        """Add a person; the token is `token-USER` unless given."""
        user = self.users[user_id] = User(user_id, full_name or user_id)
        self.tokens[token or f"token-{user_id}"] = user_id
        return user

    def add_token(self, user_id: str, token: str) -> None:
        self.tokens[token] = self.users[user_id].user_id

    def refuse_token(self, token: str) -> None:
        """From now on the token is answered with 401, as one that was revoked or expired."""
        del self.tokens[token]

    def user_of(self, token: str) -> User | None:
        user_id = self.tokens.get(token)
        return self.users[user_id] if user_id is not None else None

    # Projects and components

    def add_node(  # noqa: PLR0913 - a node has so many facts; all but the id have defaults
        self,
        node_id: str,
        *,
        title: str | None = None,
        parent: str | None = None,
        is_public: bool = False,
        description: str = "",
        category: str = "project",
        tags: Sequence[str] = (),
    ) -> WorldNode:
        """Add a project, or a component of `parent`; it has an empty osfstorage."""
        node = WorldNode(
            node_id=node_id,
            title=title if title is not None else node_id,
            description=description,
            category=category,
            tags=tags,
            parent=parent,
            root=self.nodes[parent].root if parent is not None else node_id,
            created=self.now(),
            is_public=is_public,
        )
        self.nodes[node_id] = node
        node.storages["osfstorage"] = Storage(node_id, "osfstorage", STYLES["osfstorage"])
        self.log(node, "project_created" if parent is None else "node_created")
        return node

    def add_registration(
        self, node_id: str, *, of: str, parent: str | None = None, is_public: bool = False
    ) -> WorldNode:
        """Freeze `of` as it is now: its files on osfstorage, wikis and contributors."""
        original = self.nodes[of]
        node = self.add_node(
            node_id,
            title=original.title,
            parent=parent,
            is_public=is_public,
            description=original.description,
            category=original.category,
            tags=original.tags,
        )
        node.registered_from = of
        node.contributors = dict(original.contributors)
        node.storages = {"osfstorage": copy_of(original.storages["osfstorage"], node_id)}
        for page in original.wikis.values():
            self.add_wiki(node_id, page.name, page.versions[-1][0].decode())
        self.log(original, "registration_initiated", registration=node_id)
        return node

    def edit(
        self,
        node_id: str,
        *,
        title: str | None = None,
        description: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> None:
        node = self.nodes[node_id]
        node.title = node.title if title is None else title
        node.description = node.description if description is None else description
        node.tags = node.tags if tags is None else tags
        self.log(node, "edit_title" if title is not None else "updated_fields")

    def set_public(self, node_id: str, is_public: bool) -> None:  # noqa: FBT001 - reads as a switch
        self.nodes[node_id].is_public = is_public
        self.log(self.nodes[node_id], "made_public" if is_public else "made_private")

    def remove_node(self, node_id: str) -> None:
        """Delete it with all its components: 410 from now on, for everybody."""
        node = self.nodes[node_id]
        self.log(node, "project_deleted" if node.parent is None else "node_removed")
        for gone in (node, *self.below(node)):
            gone.is_gone = True

    def below(self, node: WorldNode) -> Iterator[WorldNode]:
        """Yield the components of the node and theirs, those above first."""
        for child in self.nodes.values():
            if child.parent == node.node_id:
                yield child
                yield from self.below(child)

    def above(self, node: WorldNode) -> Iterator[WorldNode]:
        """Yield the node's parent, its parent, and so on."""
        while node.parent is not None:
            node = self.nodes[node.parent]
            yield node

    # Permissions

    def grant(self, user_id: str, node_id: str, permission: Permission = "read") -> None:
        """Make someone a contributor, or change what a contributor may do."""
        node = self.nodes[node_id]
        is_new = self.users[user_id].user_id not in node.contributors
        node.contributors[user_id] = permission
        self.log(node, "contributor_added" if is_new else "permissions_updated", user=user_id)

    def revoke(self, user_id: str, node_id: str) -> None:
        del self.nodes[node_id].contributors[user_id]
        self.log(self.nodes[node_id], "contributor_removed", user=user_id)

    def contributes(self, user: User | None, node: WorldNode) -> bool:
        return user is not None and user.user_id in node.contributors

    def may_view(self, user: User | None, node: WorldNode) -> bool:
        """Tell whether RDM shows the node: public, contributor, or administrator above it."""
        if node.is_public or self.contributes(user, node):
            return True
        return user is not None and any(
            above.contributors.get(user.user_id) == "admin" for above in self.above(node)
        )

    def shows(self, user: User | None, node: WorldNode) -> bool:
        """Tell whether the node exists for this user."""
        return not node.is_gone and self.may_view(user, node)

    # Files

    def storage(self, node_id: str, provider: str = "osfstorage") -> Storage:
        return self.nodes[node_id].storages[provider]

    def add_provider(self, node_id: str, provider: str, *, style: Style | None = None) -> Storage:
        """Connect an empty storage; `style` is that of its kind unless given."""
        storage = Storage(node_id, provider, style or STYLES.get(provider, Style()))
        self.nodes[node_id].storages[provider] = storage
        self.log(self.nodes[node_id], f"{provider}_node_authorized")
        return storage

    def remove_provider(self, node_id: str, provider: str) -> None:
        del self.nodes[node_id].storages[provider]
        self.log(self.nodes[node_id], f"{provider}_node_deauthorized")

    def fail_provider(self, node_id: str, provider: str, *, status: int | None = 503) -> None:
        """Answer every request to WaterButler about it with this status; None: it works again."""
        self.storage(node_id, provider).failing = status

    def put(
        self,
        node_id: str,
        path: str,
        content: bytes | Path,
        *,
        provider: str = "osfstorage",
        modified: datetime | None = None,
        is_logged: bool = True,
    ) -> StoredFile:
        """Upload a file, or a new version of it. Not logged: as if changed behind RDM's back."""
        storage = self.storage(node_id, provider)
        is_new = storage.at(path) is None
        file = storage.put(path, Content.of(content), modified or self.now())
        if is_logged:
            self._log_file(node_id, provider, "added" if is_new else "updated", path)
        return file

    def make_folder(self, node_id: str, path: str, *, provider: str = "osfstorage") -> None:
        self.storage(node_id, provider).make_folder(path)
        self.log(self.nodes[node_id], f"{_log_name(provider)}_folder_created", path=path)

    def move(self, node_id: str, old: str, new: str, *, provider: str = "osfstorage") -> None:
        """Move or rename a file or a folder; those of folders end with `/`."""
        self.storage(node_id, provider).move(old, new)
        is_rename = old.rstrip("/").rpartition("/")[0] == new.rstrip("/").rpartition("/")[0]
        action = "addon_file_renamed" if is_rename else "addon_file_moved"
        ends = {"source": {"path": old}, "destination": {"path": new}}
        self.log(self.nodes[node_id], action, **ends)

    def delete(self, node_id: str, path: str, *, provider: str = "osfstorage") -> None:
        """Delete a file or a folder with all in it."""
        self.storage(node_id, provider).remove(path)
        self._log_file(node_id, provider, "removed", path)

    def disguise(
        self, node_id: str, path: str, provider: str = "osfstorage", **attributes: object
    ) -> None:
        """Let listings tell these attributes of a file instead of the true ones, unlogged.

        That is how a listing lies: a wrong `size` (and `sizeInt`), `extra` with a wrong hash, a
        hostile `name` or `materialized`. Without attributes it is honest again.
        """
        self.storage(node_id, provider).disguise(path, attributes)

    def add_folder(self, node_id: str, folder: Path) -> None:
        """Make the node's osfstorage equal to a folder on disk; again to follow its changes.

        Files whose names are no UTF-8 are left out: in RDM there are none.
        """
        storage = self.storage(node_id)
        there: set[str] = set()
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            if _UNDECODABLE.search(str(path)):
                continue
            materialized = f"/{path.relative_to(folder).as_posix()}"
            there.add(materialized)
            with suppress(FileNotFoundError):  # just removed: the next time it is not listed
                self._follow(node_id, materialized, path)
        for gone in [one.materialized for one in storage.files()]:
            if gone not in there:
                self.delete(node_id, gone)

    # Wikis and metadata

    def add_wiki(self, node_id: str, name: str, text: str) -> Wiki:
        """Write a page, or a new version of it."""
        node = self.nodes[node_id]
        page = node.wikis.setdefault(name, Wiki(f"w{node_id}{len(node.wikis)}", name, []))
        page.versions.append((text.encode(), self.now()))
        self.log(node, "wiki_updated", page=name, version=len(page.versions))
        return page

    def delete_wiki(self, node_id: str, name: str) -> None:
        del self.nodes[node_id].wikis[name]
        self.log(self.nodes[node_id], "wiki_deleted", page=name)

    def set_metadata(
        self, node_id: str, *, files: Sequence[Metadata] = (), **project: object
    ) -> None:
        """Fill RDM's metadata add-on; each of `files` has at least `path` and `items`.

        A path is `osfstorage/実験/メモ.txt`; an item is `{"active", "schema", "data"}`, where
        data is `{"grdm-file:title-ja": {"value": …}}`.
        """
        whole = {"generated": False, "folder": False, "hash": None, "urlpath": None}
        described = [{**whole, **file} for file in files]
        self.nodes[node_id].metadata = {**project, "files": described, "repositories": []}
        self.log(self.nodes[node_id], "metadata_file_updated")

    # Logs

    def log(self, node: WorldNode, action: str, **params: object) -> None:
        self._logs += 1
        told = {"node": node.node_id, "project": node.parent, **params}
        log_id = f"{self._logs:024x}"
        node.logs.append(Log(self._logs, log_id, node.node_id, action, self.now(), told))

    def _follow(self, node_id: str, materialized: str, path: Path) -> None:
        """Upload a file from disk unless it is there in its present state."""
        status = path.stat()
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        known = self.storage(node_id).at(materialized)
        if not isinstance(known, StoredFile) or known.state != (status.st_size, modified):
            self.put(node_id, materialized, path, modified=modified)

    def _log_file(self, node_id: str, provider: str, change: str, path: str) -> None:
        """Log as RDM does: `osf_storage_file_added`, `s3_file_removed`."""
        action = f"{_log_name(provider)}_file_{change}"
        self.log(self.nodes[node_id], action, path=path, fullPath=f"{provider}{path}")


def _log_name(provider: str) -> str:
    return "osf_storage" if provider == "osfstorage" else provider
