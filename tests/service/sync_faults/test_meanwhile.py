"""A project that changes while it is being synced: the next sync makes up for it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.servers.loopback import Exchange
from tests.servers.rdm_faults import Answer, CutOff, Fault, Nothing
from tests.servers.rdm_replies import HostRole, Request
from tests.servers.rdm_world import RdmWorld
from tests.service.killed_sync.kept import kept_in
from tests.service.sync_faults.laboratory import (
    Outcome,
    assert_nothing_is_missing,
    found_in,
    open_laboratory,
    sync,
)
from tests.service.sync_faults.project import (
    CHANGED_FILE,
    FOLDER,
    LOGS,
    LOGS_OF_COMPONENT,
    PROVIDERS_GO_ON,
    STORED_FILE,
    TREE_GOES_ON,
    WIKI_TEXT,
    handle,
)
from tests.service.sync_faults.verdict import WELL, Ending, ending_of

CHANGED: Final = "osfstorage/結果/硬さ.txt"
UNAVAILABLE: Final = "file_unavailable"


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Let something happen before the answer."""

    happens: Callable[[], object]

    async def meet(self, request: Request, answer: Answer, exchange: Exchange) -> None:
        self.happens()
        await Nothing().meet(request, answer, exchange)


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to the project, before which request is answered, and how the sync ends."""

    host: HostRole
    path: str
    happens: Callable[[RdmWorld], object]
    ending: Ending = WELL


def _add_component(world: RdmWorld) -> None:
    world.add_node("aaa01", title="引張", parent="abc12")
    world.grant("u1aok", "aaa01", "read")
    world.put("aaa01", "/引張.txt", b"UTS 276 MPa")


CHANGES: Final = {
    "a file is changed while it is fetched": Change(
        "files", CHANGED_FILE, lambda world: world.put("abc12", "/結果/硬さ.txt", b"again")
    ),
    "a file is deleted while it is fetched": Change(
        "files",
        CHANGED_FILE,
        lambda world: world.delete("abc12", "/結果/硬さ.txt"),
        Ending(failed={CHANGED: "file_changed"}),
    ),
    "a file is moved while it is fetched": Change(
        "files", CHANGED_FILE, lambda world: world.move("abc12", "/結果/硬さ.txt", "/硬さ.txt")
    ),
    "a file without versions becomes shorter while it is fetched": Change(
        "files",
        STORED_FILE,
        lambda world: world.put("abc12", "/raw/A-11.txt", b"none", provider="s3"),
        Ending(stale={"s3/raw/A-11.txt": UNAVAILABLE}),
    ),
    "a folder is deleted while it is listed": Change(
        "files",
        FOLDER,
        lambda world: world.delete("abc12", "/結果/"),
        Ending(stale={"osfstorage/結果/": "rdm_gone"}),
    ),
    "a folder is moved while another is listed": Change(
        "files",
        f"{handle('/結果/旧/')}$",
        lambda world: world.move("abc12", "/結果/旧/", "/旧/"),
    ),
    "a provider is taken away while the log is read": Change(
        "api", LOGS, lambda world: world.remove_provider("abc12", "googledrive")
    ),
    "a provider is taken away while providers are listed": Change(
        "api",
        PROVIDERS_GO_ON,
        lambda world: world.remove_provider("abc12", "googledrive"),
    ),
    "a page is deleted while it is fetched": Change(
        "api",
        WIKI_TEXT,
        lambda world: world.delete_wiki("abc12", "home"),
        Ending(failed={"wiki/home.md": "file_changed"}),
    ),
    "a component is deleted while its log is read": Change(
        "api",
        LOGS_OF_COMPONENT,
        lambda world: world.remove_node("cmp01"),
        Ending(stale={"rdm-cmp01/": "rdm_gone"}),
    ),
    "a component is made while the tree is read": Change("api", TREE_GOES_ON, _add_component),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_what_changes_in_the_middle_is_told_or_found_by_the_next_sync(
    tmp_path: Path, name: str
) -> None:
    change = CHANGES[name]
    async with open_laboratory(tmp_path) as laboratory:
        rdm = laboratory.rdm
        happens = Meanwhile(lambda: change.happens(rdm.world))
        rdm.faults.add(Fault(happens, host=change.host, path=change.path))
        async with laboratory.opened(laboratory.home) as shop:
            assert ending_of(await sync(shop)) == change.ending
            assert rdm.faults.are_over
            assert_nothing_is_missing(await sync(shop))
            found = await found_in(shop)
        _, expected = await laboratory.fresh()
        assert Outcome(await kept_in(laboratory.home), found) == expected


async def test_parts_of_two_versions_are_never_joined(tmp_path: Path) -> None:
    async with open_laboratory(tmp_path) as laboratory:
        rdm, other = laboratory.rdm, b"70 HV, 71 HV, 72 HV, 73 HV"
        put = Meanwhile(lambda: rdm.world.put("abc12", "/raw/A-11.txt", other, provider="s3"))
        rdm.faults.add(Fault(CutOff(9), host="storage"), Fault(put, path=STORED_FILE, skip=1))
        async with laboratory.opened(laboratory.home) as shop:
            stale = Ending(stale={"s3/raw/A-11.txt": UNAVAILABLE})
            assert ending_of(await sync(shop)) == stale
            assert rdm.faults.are_over
            assert_nothing_is_missing(await sync(shop))
            found = await found_in(shop)
        _, expected = await laboratory.fresh()
        assert Outcome(await kept_in(laboratory.home), found) == expected
