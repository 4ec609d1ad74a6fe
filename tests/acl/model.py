"""What RDM shows to whom, what is indexed, and what may still be believed of it: plain Python."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

FRESH_S: Final = 60.0
"""So long the service may go by what RDM has said."""


class Refused(Exception):
    """Nothing is told but this problem."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True, kw_only=True, repr=False)
class Node:
    """A project, or a component of one."""

    node_id: str
    parent: str | None
    top: str
    is_public: bool = False
    is_gone: bool = False
    people: dict[str, str] = field(default_factory=dict[str, str])
    """Contributors, with `read`, `write` or `admin`."""
    files: dict[str, str] = field(default_factory=dict[str, str])
    """Path → canary of the present content."""

    def __repr__(self) -> str:
        return self.node_id


@dataclass(frozen=True, slots=True)
class View:
    """The nodes that somebody contributes to, and those of them that are theirs to administer."""

    contributed: frozenset[str] = frozenset()
    administered: frozenset[str] = frozenset()


class Rdm:
    """GakuNin RDM, as far as it decides who reads what."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.owners: dict[str, str] = {}
        """Token → user, for the tokens that are accepted."""
        self.is_down = False

    @property
    def alive(self) -> list[Node]:
        return [node for node in self.nodes.values() if not node.is_gone]

    def above(self, node: Node) -> Iterator[Node]:
        while node.parent is not None:
            node = self.nodes[node.parent]
            yield node

    def shows(self, user: str, node: Node) -> bool:
        """Contributors see a node, administrators of any node above it, and all if it is public."""
        if node.is_gone:
            return False
        administers = any(above.people.get(user) == "admin" for above in self.above(node))
        return node.is_public or user in node.people or administers

    def remove(self, node: Node) -> None:
        """Delete a node and all below it."""
        for each in self.nodes.values():
            if each is node or node in self.above(each):
                each.is_gone = True

    def owner(self, token: str) -> str:
        """Return whose token it is; raises `Refused`."""
        if self.is_down:
            raise Refused("rdm_unavailable")
        if token not in self.owners:
            raise Refused("rdm_token_refused")
        return self.owners[token]

    def view(self, token: str) -> View:
        user = self.owner(token)
        return View(
            frozenset(node.node_id for node in self.alive if user in node.people),
            frozenset(node.node_id for node in self.alive if node.people.get(user) == "admin"),
        )

    def tree(self, top: str, token: str) -> list[Node]:
        """Return what a token sees of a project and all below it; raises `Refused`."""
        user = self.owner(token)
        if self.nodes[top].is_gone:
            raise Refused("rdm_gone")
        if not self.shows(user, self.nodes[top]):
            raise Refused("rdm_forbidden")
        return [node for node in self.nodes.values() if node.top == top and self.shows(user, node)]


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the index holds of a node: paths with canaries; and how public the node was."""

    files: frozenset[tuple[str, str]]
    is_public: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A token that was linked to a key; each time it is another link."""

    token: str
    number: int


@dataclass(slots=True, kw_only=True, repr=False)
class Reader:
    """The holder of a key: what it was granted, and which account of RDM is linked to it."""

    name: str
    user: str
    """In RDM."""
    grants: frozenset[str] | None = None
    """Node ids; None: all of them."""
    link: Link | None = None

    def __repr__(self) -> str:
        return self.name

    def is_granted(self, node_id: str) -> bool:
        return self.grants is None or node_id in self.grants


class Service:
    """What was indexed, and what RDM has said about readers, with the time of its saying so."""

    def __init__(self, rdm: Rdm, service_token: str) -> None:
        self.rdm = rdm
        self.service_token = service_token
        self.now = 0.0
        self.index: dict[str, Shelf] = {}
        self._views: dict[Link, tuple[float, View]] = {}
        self._public: dict[frozenset[str], tuple[float, frozenset[str]]] = {}

    def add(self, top: str) -> None:
        """Know a project as a source, of which nothing is indexed yet."""
        self.index[top] = Shelf(frozenset(), self.rdm.nodes[top].is_public)

    def sync(self, top: str, token: str) -> None:
        """Make the index equal to what the token sees; raises `Refused`, with the tree if lost."""
        try:
            tree = self.rdm.tree(top, token)
        except Refused as refused:
            if refused.code in {"rdm_gone", "rdm_forbidden"}:
                self._keep(top, {})
            raise
        shelves = {n.node_id: Shelf(frozenset(n.files.items()), n.is_public) for n in tree}
        self._keep(top, shelves)

    def finds(self, reader: Reader) -> frozenset[str]:
        """Return the nodes in which a reader finds things now; raises `Refused`."""
        granted = frozenset(node for node in self.index if reader.is_granted(node))
        if not granted:
            return frozenset()
        view = View() if reader.link is None else self._view(reader.link)
        own = frozenset(node for node in granted if self._reads(view, node))
        others = frozenset(node for node in granted - own if self.index[node].is_public)
        return own | (others & self._everybodys()) if others else own

    def forget_answers(self) -> None:
        """Begin as a new process."""
        self._views.clear()
        self._public.clear()

    def _keep(self, top: str, shelves: dict[str, Shelf]) -> None:
        rest = {n: shelf for n, shelf in self.index.items() if self.rdm.nodes[n].top != top}
        self.index = {**rest, **shelves}

    def _reads(self, view: View, node_id: str) -> bool:
        above = {node.node_id for node in self.rdm.above(self.rdm.nodes[node_id])}
        return node_id in view.contributed or bool(view.administered & above)

    def _view(self, link: Link) -> View:
        at, view = self._views.get(link, (-FRESH_S, View()))
        if self.now - at >= FRESH_S:
            self._views.pop(link, None)
            view = self.rdm.view(link.token)
            self._views[link] = self.now, view
        return view

    def _everybodys(self) -> frozenset[str]:
        """Return which nodes that were public when they were indexed are public now."""
        asked = frozenset(node for node, shelf in self.index.items() if shelf.is_public)
        at, public = self._public.get(asked, (-FRESH_S, frozenset[str]()))
        if self.now - at >= FRESH_S:
            public = frozenset(node.node_id for node in self.rdm.alive if node.is_public) & asked
            self._ask_as_service()
            self._public[asked] = self.now, public
        return public

    def _ask_as_service(self) -> None:
        """That the service's own token is refused, its readers can do nothing about."""
        try:
            self.rdm.owner(self.service_token)
        except Refused as refused:
            raise Refused("rdm_unavailable") from refused


def between(before: Shelf | None, after: Shelf | None, found: Shelf | None) -> bool:
    """Tell whether a sync that was stopped may have left this of a node."""
    if found is None:
        return before is None or after is None
    old, new = before or after, after or before
    if old is None or new is None:
        return False
    is_kept = before is not None and after is not None
    least: Collection[tuple[str, str]] = old.files & new.files if is_kept else ()
    return (
        found.is_public in {old.is_public, new.is_public}
        and found.files <= old.files | new.files
        and found.files.issuperset(least)
    )
