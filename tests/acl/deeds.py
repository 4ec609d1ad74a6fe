"""What may happen in a history, each as often as it is worth: somebody chooses whom it befalls."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from hypothesis import strategies as st

from tests.acl.house import SERVICE_TOKEN
from tests.acl.model import FRESH_S, Node
from tests.acl.play import STORAGE, Play
from tests.acl.stage import GUEST, KEEPER, USERS, WEAK, WEAK_TOKEN
from tests.servers.rdm_faults import PROXY_PAGE, CutOff, Effect, Refuse, Replace
from tests.servers.rdm_world import PERMISSIONS

MOST_NODES: Final = 8
MOST_FILES: Final = 3
"""Of one node: an answer reads 30 passages at most."""
DEEPEST: Final = 2
"""A component of a component."""
NAMES: Final = tuple(f"{folder}/f{n}.txt" for folder in ("", "/実験") for n in range(2))
OUTAGES: Final[Sequence[Effect]] = (
    Refuse(503),
    CutOff(),
    Refuse(403, PROXY_PAGE),
    Refuse(404, PROXY_PAGE),
    Replace(),
)
MOST_WRITES: Final = 30
"""Of a sync of a small project."""

T = TypeVar("T")
Deed = Callable[[Play, st.DataObject], None]


def grant(play: Play, data: st.DataObject) -> None:
    if node := _pick(data, play.rdm.alive):
        user = data.draw(st.sampled_from(USERS))
        play.grant(user, node, data.draw(st.sampled_from(PERMISSIONS)))


def revoke(play: Play, data: st.DataObject) -> None:
    there = [(user, node) for node in play.rdm.alive for user in node.people]
    if chosen := _pick(data, there):
        play.revoke(*chosen)


def make_public(play: Play, data: st.DataObject) -> None:
    if node := _pick(data, [node for node in play.rdm.alive if not node.is_public]):
        play.set_public(node, is_public=True)


def make_private(play: Play, data: st.DataObject) -> None:
    if node := _pick(data, [node for node in play.rdm.alive if node.is_public]):
        play.set_public(node, is_public=False)


def add_component(play: Play, data: st.DataObject) -> None:
    rdm = play.rdm
    fitting = [node for node in rdm.alive if len(list(rdm.above(node))) < DEEPEST]
    if len(rdm.nodes) < MOST_NODES and (parent := _pick(data, fitting)):
        play.put(play.add_node(parent), NAMES[0])


def remove_node(play: Play, data: st.DataObject) -> None:
    alive = play.rdm.alive
    components = [node for node in alive if node.parent is not None]
    if node := _pick(data, [*components, *components, *alive]):
        play.remove(node)


def upload(play: Play, data: st.DataObject) -> None:
    roomy = [node for node in play.rdm.alive if len(node.files) < MOST_FILES]
    if node := _pick(data, roomy):
        play.put(node, data.draw(st.sampled_from(_free(node))))


def update(play: Play, data: st.DataObject) -> None:
    if chosen := _pick(data, _files(play)):
        play.put(*chosen)


def rename_or_move(play: Play, data: st.DataObject) -> None:
    if chosen := _pick(data, _files(play)):
        node, name = chosen
        play.move(node, name, data.draw(st.sampled_from(_free(node))))


def delete(play: Play, data: st.DataObject) -> None:
    if chosen := _pick(data, _files(play)):
        play.delete(*chosen)


def refuse_token(play: Play, data: st.DataObject) -> None:
    links = [reader.link.token for reader in play.readers if reader.link]
    tokens = [*links, *links, WEAK_TOKEN, SERVICE_TOKEN]
    if token := _pick(data, [token for token in tokens if token in play.rdm.owners]):
        play.refuse(token)


def accept_token(play: Play, data: st.DataObject) -> None:
    own = {SERVICE_TOKEN: KEEPER, WEAK_TOKEN: WEAK}
    refused = [each for each in own.items() if each[0] not in play.rdm.owners]
    if chosen := _pick(data, refused):
        token, user = chosen
        play.accept(user, token)


def link_anew(play: Play, data: st.DataObject) -> None:
    linking = [reader for reader in play.readers if reader.name != GUEST]
    if not play.rdm.is_down and (reader := _pick(data, linking)):
        play.link(reader)


def unlink(play: Play, data: st.DataObject) -> None:
    if reader := _pick(data, [each for each in play.readers if each.link]):
        play.unlink(reader)


def sync(play: Play, data: st.DataObject) -> None:
    tops = play.tops
    for top in data.draw(st.sampled_from([tops[:1], tops[1:], tops])):
        play.sync(top)


def crash_in_a_sync(play: Play, data: st.DataObject) -> None:
    top = data.draw(st.sampled_from(play.tops))
    after_writes = data.draw(st.integers(0, MOST_WRITES))
    is_killed = data.draw(st.sampled_from([False] * 9 + [True]))
    play.crash(top, after_writes=after_writes, is_killed=is_killed)


def rdm_goes_down_or_comes_up(play: Play, data: st.DataObject) -> None:
    if play.rdm.is_down:
        play.come_up()
    else:
        play.go_down(data.draw(st.sampled_from(OUTAGES)))


def time_passes(play: Play, data: st.DataObject) -> None:
    play.pass_time(data.draw(st.sampled_from([FRESH_S, FRESH_S, FRESH_S - 0.5, FRESH_S / 2])))


_TIMES: Final[dict[Deed, int]] = {
    grant: 2,
    revoke: 2,
    make_public: 1,
    make_private: 1,
    add_component: 1,
    remove_node: 1,
    upload: 1,
    update: 2,
    rename_or_move: 2,
    delete: 1,
    refuse_token: 1,
    accept_token: 1,
    link_anew: 1,
    unlink: 1,
    sync: 4,
    crash_in_a_sync: 2,
    rdm_goes_down_or_comes_up: 2,
    time_passes: 4,
}
DEEDS: Final[Sequence[Deed]] = [deed for deed, times in _TIMES.items() for _ in range(times)]


def _files(play: Play) -> list[tuple[Node, str]]:
    return [
        (node, path.removeprefix(STORAGE)) for node in play.rdm.alive for path in sorted(node.files)
    ]


def _pick(data: st.DataObject, things: Sequence[T]) -> T | None:
    """Draw one of them; None where there is none."""
    return data.draw(st.sampled_from(things)) if things else None


def _free(node: Node) -> list[str]:
    return [name for name in NAMES if f"{STORAGE}{name}" not in node.files]
