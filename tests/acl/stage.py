"""One long-lived service and RDM for many histories, driven from code that does not await."""

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from service.keys import NewKey
from tests.acl.eyes import Eyes
from tests.acl.house import HALL, HALL_TEXT, SERVICE_TOKEN, Clock, House, Wiring, open_house
from tests.acl.model import Link
from tests.servers.rdm import RdmStandIn, serve_rdm
from tests.servers.rdm_world import RdmWorld

KEEPER: Final = "keeper"
"""Whom the service's own token belongs to."""
WEAK: Final = "weak"
"""Whose token reads the second source: a contributor of some of its nodes."""
WEAK_TOKEN: Final = f"token-{WEAK}"
USERS: Final = ("aoki", "sato", "ito", WEAK, KEEPER)
GUEST: Final = "guest"
OPEN_KEYS: Final = ("aoki", "sato", GUEST)
"""Holders of keys that were granted every project; the guest links no account."""

T = TypeVar("T")


class Stage:
    """Opened once; each history makes its own projects, and leaves none."""

    def __init__(
        self, portal: BlockingPortal, folder: Path, rdm: RdmStandIn, wiring: Wiring
    ) -> None:
        self.portal = portal
        self.rdm = rdm
        self.clock = Clock()
        self.histories = 0
        self.links: dict[str, Link] = {}
        """Reader → the link of an open key, kept from one history to the next."""
        self._folder = folder
        self._wiring = wiring
        self._stack = ExitStack()
        self.house = self._open()
        self._prepare()
        self.keys: Mapping[str, NewKey] = {name: self.call(self.house.key) for name in OPEN_KEYS}

    def call(self, work: Callable[..., Awaitable[T]], *arguments: object) -> T:
        """Await it in the thread of the service."""
        return self.portal.call(work, *arguments)

    def reopen(self) -> None:
        """Leave everything as it is and begin anew, as a process does after a crash."""
        self.close()
        self.house = self._open()

    def close(self) -> None:
        self._stack.close()

    def eyes(self, key: NewKey) -> Eyes:
        return Eyes(self.house.web, key.key)

    def begin(self) -> int:
        """Return the number of a new history."""
        self.histories += 1
        return self.histories

    def end(self, sources: Iterable[str], key: NewKey) -> None:
        """Remove what a history has made."""
        for source in sources:
            self.call(self.house.remove, source)
        self.call(self.house.resources.records.keys.revoke, key.info.id)
        self.rdm.world.nodes.clear()
        self.rdm.world.tokens |= {SERVICE_TOKEN: KEEPER, WEAK_TOKEN: WEAK}
        self.rdm.calls.clear()

    def _open(self) -> House:
        house = open_house(self._folder, self.rdm, self.clock, self._wiring)
        return self._stack.enter_context(self.portal.wrap_async_context_manager(house))

    def _prepare(self) -> None:
        folder = self._folder / HALL
        folder.mkdir()
        (folder / "hall.txt").write_text(HALL_TEXT, encoding="utf-8")
        self.call(lambda: self.house.add(str(folder), named=HALL))
        self.call(self.house.sync, HALL)


@contextmanager
def open_stage(folder: Path, wiring: Wiring) -> Generator[Stage]:
    """Serve RDM and the service until the block ends."""
    world = RdmWorld()
    for user in USERS:
        world.add_user(user, token=SERVICE_TOKEN if user == KEEPER else None)
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(serve_rdm(world)) as rdm,
    ):
        stage = Stage(portal, folder, rdm, wiring)
        try:
            yield stage
        finally:
            stage.close()
