"""Ask API v2 about accounts, projects and what a project has; its answers in our words."""

from collections import Counter, deque
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from connectors.rdm.client import RdmSession
from connectors.rdm.documents import (
    AccountAnswer,
    Answer,
    LogsAnswer,
    NodeAnswer,
    ProviderAnswer,
    WikiAnswer,
    is_node_id,
    understood,
)
from connectors.rdm.models import Account, LogEntry, Node, Readable, WikiPage
from connectors.rdm.problems import RdmForbidden, RdmGone, RdmUnavailable
from connectors.rdm.tree import below, parents_first

MAX_NODES: Final = 10_000
"""Of one tree: more than projects have, so that a tree without an end ends."""
_COUNTED: Final[Mapping[str, str]] = MappingProxyType({"related_counts": "children,wikis"})
_NO_PARAMS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RdmApi:
    """What one token may learn. Everything here raises what `RdmSession` says it raises.

    An answer in another form than API v2's is no answer: `RdmUnavailable`.
    """

    session: RdmSession

    async def account(self) -> Account:
        """Return whom the token belongs to."""
        document = await self.session.get_document("users/me/")
        return self._understood(AccountAnswer, document.get("data")).account()

    async def node(self, node_id: str) -> Node:
        """Return a project, component or registration.

        Raises:
            RdmGone: there is none of this id; `is_deleted` where there was.
            RdmForbidden: it is private to others.
        """
        return self._node(await self._ask_node(node_id))

    async def tree(self, top: str, *, registrations: bool) -> list[Node]:
        """Return `top` and all below it that the token may read, parents first.

        One request for each 100 nodes; more only where `top` is a component itself, and where an
        administrator may see components that RDM leaves out of its list. With `registrations`,
        those made of the nodes follow, for a request more per node.

        Raises:
            RdmGone, RdmForbidden: `top` itself cannot be read.
        """
        answers = await self._rooted(top)
        if top not in answers:
            answer = await self._ask_node(top)
            if answer.root != top and not answer.is_registration:
                answers = await self._rooted(answer.root)
            answers[top] = answer
        await self._add_hidden(top, answers)
        nodes = below(top, map(self._node, answers.values()))
        if registrations and not answers[top].is_registration:
            nodes += await self._registrations(nodes)
        return nodes

    async def readable(self, *, registrations: bool) -> Readable:
        """Return what the token's owner contributes to, and of what he or she is administrator."""
        nodes = [node async for node in self._nodes("users/me/nodes/")]
        if registrations:
            nodes += [node async for node in self._nodes("users/me/registrations/")]
        return Readable(
            contributed=frozenset(node.node_id for node in nodes),
            administered=frozenset(node.node_id for node in nodes if "admin" in node.permissions),
        )

    async def public_among(self, node_ids: Collection[str]) -> frozenset[str]:
        """Return those that everybody may read now; registrations too."""
        asked = sorted(filter(is_node_id, node_ids))
        public = await self._public("nodes/", asked)
        others = [node_id for node_id in asked if node_id not in public]
        return public | await self._public("registrations/", others)

    async def newest_log(self, node: Node) -> LogEntry | None:
        """Return the node's last log entry: another one, and something has happened."""
        document = await self.session.get_document(f"{_at(node)}logs/", {"page[size]": "1"})
        logs = self._understood(LogsAnswer, document).data
        return logs[0].entry() if logs else None

    async def providers(self, node: Node) -> list[str]:
        """Return the names of the storages that the node has, such as `osfstorage`."""
        answers = self._all(ProviderAnswer, f"{_at(node)}files/")
        return sorted({answer.attributes.provider async for answer in answers})

    async def wikis(self, node: Node) -> list[WikiPage]:
        """Return the pages of the node's wiki; none where it is disabled.

        Raises:
            RdmGone: it was disabled meanwhile, or the node itself is deleted.
        """
        if not node.has_wiki:
            return []
        return [page.page() async for page in self._all(WikiAnswer, f"{_at(node)}wikis/")]

    async def wiki_text(self, wiki_id: str, *, limit: int) -> bytes:
        """Return a page's Markdown, in UTF-8.

        Raises:
            RdmUnavailable: also where it has more than `limit` bytes.
        """
        return await self.session.get_bytes(f"wikis/{wiki_id}/content/", limit=limit)

    async def _ask_node(self, node_id: str) -> NodeAnswer:
        if not is_node_id(node_id):
            raise RdmGone(self.session.client.name, status=404)
        try:
            document = await self.session.get_document(f"nodes/{node_id}/", _COUNTED)
        except RdmGone as problem:
            if problem.is_deleted:
                raise
            document = await self.session.get_document(f"registrations/{node_id}/", _COUNTED)
        return self._understood(NodeAnswer, document.get("data"))

    async def _rooted(self, root: str) -> dict[str, NodeAnswer]:
        """Return what RDM lists of the tree below a project, by id."""
        if not is_node_id(root):
            return {}
        listed = self._part_of_tree("nodes/", {"filter[root]": root})
        answers = {answer.id: answer async for answer in listed if answer.root == root}
        self._refuse_endless(answers)
        return answers

    async def _add_hidden(self, top: str, answers: dict[str, NodeAnswer]) -> None:
        """Add the components below `top` that are counted, and not listed."""
        listed = Counter(answer.parent for answer in answers.values())
        waiting = deque(below(top, map(self._node, answers.values())))
        while waiting:
            node = waiting.popleft()
            if answers[node.node_id].children <= listed[node.node_id]:
                continue
            async for child in self._part_of_tree(f"{_at(node)}children/"):
                if child.id not in answers and child.parent == node.node_id:
                    answers[child.id] = child
                    waiting.append(self._node(child))
            self._refuse_endless(answers)

    def _refuse_endless(self, tree: Mapping[str, NodeAnswer]) -> None:
        if len(tree) > MAX_NODES:
            reason = f"a tree of more than {MAX_NODES:,} components"
            raise RdmUnavailable(self.session.client.name, "API", reason=reason)

    async def _registrations(self, nodes: Iterable[Node]) -> list[Node]:
        """Return those made of the nodes, but for withdrawn ones, of which nothing is left."""
        made = [
            self._node(answer)
            for node in nodes
            async for answer in self._part_of_tree(f"{_at(node)}registrations/")
            if not answer.is_withdrawn
        ]
        return parents_first(made)

    async def _part_of_tree(
        self, path: str, params: Mapping[str, str] = _NO_PARAMS
    ) -> AsyncGenerator[NodeAnswer]:
        """Yield the nodes of a list. That it is refused must not look like a lost tree."""
        try:
            async for answer in self._all(NodeAnswer, path, {**params, **_COUNTED}):
                yield answer
        except (RdmForbidden, RdmGone) as problem:
            reason = f"a part of the tree cannot be listed ({problem.code})"
            raise RdmUnavailable(self.session.client.name, "API", reason=reason) from problem

    async def _public(self, path: str, node_ids: list[str]) -> frozenset[str]:
        size = self.session.client.settings.page_size
        public: set[str] = set()
        for start in range(0, len(node_ids), size):
            some = node_ids[start : start + size]
            listed = self._nodes(path, {"filter[id]": ",".join(some)})
            public |= {node.node_id async for node in listed if node.is_public}
        return frozenset(public.intersection(node_ids))

    async def _nodes(
        self, path: str, params: Mapping[str, str] = _NO_PARAMS
    ) -> AsyncGenerator[Node]:
        async for answer in self._all(NodeAnswer, path, params):
            yield self._node(answer)

    async def _all(
        self, model: type[Answer], path: str, params: Mapping[str, str] = _NO_PARAMS
    ) -> AsyncGenerator[Answer]:
        async for element in self.session.get_items(path, params):
            yield self._understood(model, element)

    def _node(self, answer: NodeAnswer) -> Node:
        return answer.node(str(self.session.client.settings.web_url))

    def _understood(self, model: type[Answer], document: object) -> Answer:
        return understood(model, document, name=self.session.client.name, role="API")


def _at(node: Node) -> str:
    return f"{'registrations' if node.is_registration else 'nodes'}/{node.node_id}/"
