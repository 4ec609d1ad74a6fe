"""kill -9 at any point of a sync of RDM, then one sync: the index equals a fresh one."""

import os
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.rdm import RdmStandIn, serve_rdm
from tests.service.forked import KillPoint, Outcome, kill_points
from tests.service.killed_sync.history import TOKEN, change, change_again, world_before
from tests.service.killed_sync.kept import Kept, kept_in
from tests.service.killed_sync.program import Order
from tests.service.sparse_copy import copy_folder

KILLS = int(os.environ.get("FUMIKURA_KILLS", "30"))
"""How many; `make soak-kills` has more."""


@dataclass(frozen=True, slots=True)
class _Laboratory:
    """The stand-in, and the program that syncs it into folders."""

    rdm: RdmStandIn
    program: Process
    folder: Path

    async def sync(self, home: Path, kill: KillPoint | None = None) -> Outcome:
        """Sync in a new process, to its end unless it is killed."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        order = Order(home=home, rdm=self.rdm.settings, token=TOKEN, kill=kill)
        self.program.stdin.write(f"{order.model_dump_json()}\n".encode())
        outcome = Outcome.model_validate_json(await self.program.stdout.readline())
        assert outcome.was_killed or outcome.steps[-1] == "done", outcome.steps[-1]
        return outcome

    async def fresh(self, name: str) -> tuple[Kept, int]:
        """Return what an installation keeps that was never killed, and how many writes it took."""
        outcome = await self.sync(self.folder / name)
        return await kept_in(self.folder / name), len(outcome.steps) - 1

    def copy(self, home: Path, name: str) -> Path:
        return copy_folder(home, self.folder / name)


@pytest.fixture
async def laboratory(tmp_path: Path) -> AsyncGenerator[_Laboratory]:
    command = (sys.executable, "-m", "tests.service.killed_sync.program")
    async with serve_rdm(world_before()) as rdm:
        program = await create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=2**20)
        yield _Laboratory(rdm, program, tmp_path)
        assert program.stdin is not None
        program.stdin.close()
        assert await program.wait() == 0


async def test_after_a_kill_in_a_first_sync_the_next_gives_the_index_of_a_fresh_one(
    laboratory: _Laboratory,
) -> None:
    expected, steps = await laboratory.fresh("fresh")
    for number, kill in enumerate(kill_points(KILLS // 3, steps, seed=1)):
        home = laboratory.folder / str(number)
        await laboratory.sync(home, kill)
        await laboratory.sync(home)
        assert await kept_in(home) == expected, kill


async def test_after_a_kill_in_a_sync_of_changes_the_next_gives_the_index_of_a_fresh_one(
    laboratory: _Laboratory,
) -> None:
    await laboratory.fresh("before")
    change(laboratory.rdm.world)
    expected, _ = await laboratory.fresh("fresh")
    unkilled = laboratory.copy(laboratory.folder / "before", "unkilled")
    steps = len((await laboratory.sync(unkilled)).steps) - 1
    assert await kept_in(unkilled) == expected
    for number, kill in enumerate(kill_points(KILLS // 3, steps, seed=2)):
        home = laboratory.copy(laboratory.folder / "before", str(number))
        await laboratory.sync(home, kill)
        await laboratory.sync(home)
        assert await kept_in(home) == expected, kill


async def test_so_it_does_where_the_project_changes_again_after_the_kill(
    laboratory: _Laboratory,
) -> None:
    await laboratory.fresh("before")
    change(laboratory.rdm.world)
    unkilled = laboratory.copy(laboratory.folder / "before", "unkilled")
    steps = len((await laboratory.sync(unkilled)).steps) - 1
    kills = kill_points(KILLS - 2 * (KILLS // 3), steps, seed=3)
    for number, kill in enumerate(kills):
        await laboratory.sync(laboratory.copy(laboratory.folder / "before", str(number)), kill)
    change_again(laboratory.rdm.world)
    expected, _ = await laboratory.fresh("fresh")
    for number, kill in enumerate(kills):
        await laboratory.sync(laboratory.folder / str(number))
        assert await kept_in(laboratory.folder / str(number)) == expected, kill
