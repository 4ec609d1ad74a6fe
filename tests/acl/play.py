"""What happens in a history, done to the model, to RDM and to the service alike."""

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import SecretStr

from agents.sources import JobInfo
from service.keys import NewKey
from tests.acl.eyes import Differs, Eyes, Sight, Text
from tests.acl.house import HALL, HALL_TEXT, SERVICE_TOKEN, WORD
from tests.acl.model import (
    FRESH_S,
    Link,
    Node,
    Rdm,
    Reader,
    Refused,
    Service,
    Shelf,
    between,
)
from tests.acl.stage import GUEST, KEEPER, OPEN_KEYS, WEAK, WEAK_TOKEN, Stage
from tests.servers.rdm_faults import Effect, Fault
from tests.servers.rdm_world import Permission, RdmWorld

STORAGE: Final = "osfstorage"
NARROW: Final = "narrow"
IN_HALL: Final = frozenset({Text(HALL, "hall.txt", HALL_TEXT.split()[1])})
NARROW_GRANTS: Final = (0, 2, 4, 6)
"""The nodes that the narrow key was granted, by their number."""


class Play:
    """One history, from a small RDM that was synced once.

    Node 0 is the keeper's project with a component (1) and a public one of that (2). Node 3 is
    another, read for the service by somebody who may see it and the innermost component (5), not
    the one between (4).
    """

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.history = stage.begin()
        self.rdm = Rdm()
        self.rdm.owners = dict(stage.rdm.world.tokens)
        self.service = Service(self.rdm, SERVICE_TOKEN)
        self.jobs: dict[str, str] = {}
        """Source → its last job."""
        self._numbers = 0
        narrow = [self._project(self._node_id(number)) for number in NARROW_GRANTS]
        self.keys: dict[str, NewKey] = {
            **stage.keys,
            NARROW: stage.call(stage.house.key, (HALL, *narrow)),
        }
        self.readers = self._readers()
        self._set_up()

    # RDM

    def add_node(self, parent: Node | None = None) -> Node:
        node_id = self._node_id(len(self.rdm.nodes))
        above = None if parent is None else parent.node_id
        node = Node(node_id=node_id, parent=above, top=parent.top if parent else node_id)
        self.rdm.nodes[node_id] = node
        self.world.add_node(node_id, parent=above)
        return node

    def grant(self, user: str, node: Node, permission: Permission) -> None:
        node.people[user] = permission
        self.world.grant(user, node.node_id, permission)

    def revoke(self, user: str, node: Node) -> None:
        del node.people[user]
        self.world.revoke(user, node.node_id)

    def set_public(self, node: Node, *, is_public: bool) -> None:
        node.is_public = is_public
        self.world.set_public(node.node_id, is_public)

    def remove(self, node: Node) -> None:
        self.rdm.remove(node)
        self.world.remove_node(node.node_id)

    def put(self, node: Node, name: str) -> None:
        """Upload a file, or a new version of it."""
        canary = f"canary{self.history}v{self._number()}"
        node.files[f"{STORAGE}{name}"] = canary
        self.world.put(node.node_id, name, f"{WORD} {canary}".encode())

    def move(self, node: Node, name: str, new: str) -> None:
        node.files[f"{STORAGE}{new}"] = node.files.pop(f"{STORAGE}{name}")
        self.world.move(node.node_id, name, new)

    def delete(self, node: Node, name: str) -> None:
        del node.files[f"{STORAGE}{name}"]
        self.world.delete(node.node_id, name)

    def refuse(self, token: str) -> None:
        del self.rdm.owners[token]
        self.world.refuse_token(token)

    def accept(self, user: str, token: str) -> None:
        self.rdm.owners[token] = user
        self.world.add_token(user, token)

    def go_down(self, how: Effect) -> None:
        self.rdm.is_down = True
        self.stage.rdm.faults.add(Fault(how, times=None))

    def come_up(self) -> None:
        self.rdm.is_down = False
        self.stage.rdm.faults.clear()

    # The service

    def link(self, reader: Reader) -> None:
        """Link the reader's account with a new token."""
        token = f"token-{reader.user}-{self.history}-{self._number()}"
        self.accept(reader.user, token)
        links = self.stage.house.resources.records.links
        subject = f"key:{self.keys[reader.name].info.id}"
        self.stage.call(links.link, subject, "rdm", SecretStr(token))
        self._note_link(reader, Link(token, self._number()))

    def unlink(self, reader: Reader) -> None:
        answer = self.stage.call(self.eyes(reader).ask, "DELETE", "/v1/me/links/rdm")
        assert answer.status_code == 204
        self._note_link(reader, None)

    def pass_time(self, seconds: float) -> None:
        self.stage.clock.time += seconds
        self.service.now = self.stage.clock.time

    def sync(self, top: str) -> None:
        """Sync a source; what the operator finds then is what the source's token sees."""
        code = self._sync_of_model(top)
        job = self.stage.call(self.stage.house.sync, self._project(top))
        self._check_end(job, code)
        self.check_index()

    def crash(self, top: str, *, after_writes: int, is_killed: bool) -> None:
        """Stop a sync before a write; what it leaves lies between before and after."""
        before = self.service.index
        code = self._sync_of_model(top)
        crashing = self.stage.house.crash(
            self._project(top), after_writes=after_writes, is_killed=is_killed
        )
        job = self.stage.call(lambda: crashing)
        if is_killed:
            self.stage.reopen()
            self.service.forget_answers()
        if job.has_ended:
            self._check_end(job, code)
            self.check_index()
        else:
            self._take_as_found(before)

    def check_index(self) -> None:
        found = self.stage.call(self.stage.house.shelves)
        if found != self.service.index:
            raise Differs(f"indexed: {found}, expected: {self.service.index}")

    # What must be seen

    def eyes(self, reader: Reader) -> Eyes:
        return self.stage.eyes(self.keys[reader.name])

    def sight(self, reader: Reader) -> Sight:
        indexed = {node: self._texts(node, shelf) for node, shelf in self.service.index.items()}
        try:
            found = self.service.finds(reader)
        except Refused as refused:
            return Sight(hidden=_sorted(indexed.values()), code=refused.code)
        return Sight(
            projects=frozenset({HALL, *map(self._project, found)}),
            texts=IN_HALL.union(*(indexed[node] for node in found)),
            hidden=_sorted(indexed[node] for node in indexed.keys() - found),
        )

    def hidden_projects(self, sight: Sight) -> list[str]:
        return [each for each in map(self._project, self.rdm.nodes) if each not in sight.projects]

    @property
    def tops(self) -> list[str]:
        return [node.node_id for node in self.rdm.nodes.values() if node.parent is None]

    @property
    def world(self) -> RdmWorld:
        return self.stage.rdm.world

    def end(self) -> None:
        """Leave neither projects nor keys of this history."""
        self.come_up()
        self.stage.end([self._project(top) for top in self.tops], self.keys[NARROW])

    def _readers(self) -> list[Reader]:
        users = {name: name for name in OPEN_KEYS} | {NARROW: "ito"}
        grants = frozenset(self._node_id(number) for number in NARROW_GRANTS)
        return [
            Reader(name=name, user=user, grants=grants if name == NARROW else None)
            for name, user in users.items()
        ]

    def _set_up(self) -> None:
        self.pass_time(FRESH_S)
        project = self.add_node()
        part = self.add_node(project)
        self.set_public(self.add_node(part), is_public=True)
        other = self.add_node()
        hidden = self.add_node(other)
        inner = self.add_node(hidden)
        people: Sequence[tuple[str, Node, Permission]] = (
            (KEEPER, project, "admin"),
            ("aoki", project, "read"),
            ("sato", project, "write"),
            ("ito", part, "admin"),
            (WEAK, other, "read"),
            (WEAK, inner, "read"),
            ("sato", other, "admin"),
            ("aoki", inner, "read"),
        )
        for user, node, permission in people:
            self.grant(user, node, permission)
        for node in self.rdm.alive:
            self.put(node, "/f0.txt")
        for reader in self.readers:
            kept = self.stage.links.get(reader.name)
            if kept is not None and kept.token in self.rdm.owners:
                reader.link = kept
            elif reader.name != GUEST:
                self.link(reader)
        for top in self.tops:
            self.stage.call(self.stage.house.add, f"rdm:{top}", self._token_of(top))
            self.service.add(top)
            self.sync(top)

    def _token_of(self, top: str) -> str:
        """Return the token that reads a source."""
        return SERVICE_TOKEN if top == self._node_id(0) else WEAK_TOKEN

    def _note_link(self, reader: Reader, link: Link | None) -> None:
        reader.link = link
        self.stage.links.pop(reader.name, None)
        if link is not None and reader.name != NARROW:
            self.stage.links[reader.name] = link

    def _sync_of_model(self, top: str) -> str | None:
        try:
            self.service.sync(top, self._token_of(top))
        except Refused as refused:
            return refused.code
        return None

    def _check_end(self, job: JobInfo, code: str | None) -> None:
        self.jobs[job.project_id] = job.job_id
        ended = (job.status, job.error and job.error.code)
        expected = ("done" if code is None else "failed", code)
        if ended != expected:
            raise Differs(f"the sync ended as {ended}, expected {expected}")

    def _take_as_found(self, before: dict[str, Shelf]) -> None:
        found, after = self.stage.call(self.stage.house.shelves), self.service.index
        for node in self.rdm.nodes:
            if not between(before.get(node), after.get(node), found.get(node)):
                raise Differs(
                    f"a stopped sync left {found.get(node)} of {node}, which is neither"
                    f" {before.get(node)} nor {after.get(node)} nor between"
                )
        self.service.index = found

    def _texts(self, node: str, shelf: Shelf) -> frozenset[Text]:
        return frozenset(Text(self._project(node), path, canary) for path, canary in shelf.files)

    def _project(self, node_id: str) -> str:
        return f"rdm-{node_id}"

    def _node_id(self, number: int) -> str:
        return f"n{self.history:05d}x{number}"

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers


def _sorted(texts: Iterable[Iterable[Text]]) -> tuple[Text, ...]:
    return tuple(sorted(text for some in texts for text in some))
