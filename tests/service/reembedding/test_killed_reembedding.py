"""kill -9 at any point of the move to another model: the old one answers, or the new; never a mix.

And the next process takes the move up, and ends with what a fresh index by the next model holds.
"""

import os
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

from tests.service.forked import KillPoint, Outcome, kill_points
from tests.service.reembedding.killable import Look, kept_in
from tests.service.reembedding.moving import NEW, OLD
from tests.service.reembedding.program import Order
from tests.service.sparse_copy import copy_folder

KILLS = int(os.environ.get("FUMIKURA_KILLS", "10"))
"""How many; `make soak-kills` has more."""
_ANSWERING = [OLD.model, NEW.model, OLD.model, NEW.model]
"""Which model answers after so many switches and rollbacks."""
_HEAT = "時効は170 °Cで16時間。" * 60
_BEFORE = {f"{number}.txt": f"試料 {number}\n\n{_HEAT}" for number in range(6)}
_AFTER = _BEFORE | {"0.txt": f"測り直した。\n\n{_HEAT}", "荷重.txt": "荷重は0.98 N。"}


@dataclass(frozen=True, slots=True)
class _Laboratory:
    """The program, and folders of installations."""

    program: Process
    folder: Path

    async def run(
        self,
        work: Literal["index", "index by next", "move", "look"],
        home: Path,
        kill: KillPoint | None = None,
    ) -> Outcome:
        """Work in a new process, to its end unless it is killed."""
        assert self.program.stdin is not None
        assert self.program.stdout is not None
        order = Order(work=work, home=home, files=self.folder / "files", kill=kill)
        self.program.stdin.write(f"{order.model_dump_json()}\n".encode())
        outcome = Outcome.model_validate_json(await self.program.stdout.readline())
        assert outcome.was_killed or work == "look" or outcome.steps[-1] == "done", outcome.steps
        return outcome

    async def look(self, home: Path) -> Look:
        return Look.model_validate_json((await self.run("look", home)).steps[-1])

    def write(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            (self.folder / "files" / name).write_text(text, encoding="utf-8")


@pytest.fixture
async def laboratory(tmp_path: Path) -> AsyncGenerator[_Laboratory]:
    command = (sys.executable, "-m", "tests.service.reembedding.program")
    program = await create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=2**20)
    (tmp_path / "files").mkdir()
    yield _Laboratory(program, tmp_path)
    assert program.stdin is not None
    program.stdin.close()
    assert await program.wait() == 0


async def test_after_a_kill_one_model_answers_and_the_move_ends_as_a_fresh_index(
    laboratory: _Laboratory,
) -> None:
    before = laboratory.folder / "before"
    laboratory.write(_BEFORE)
    await laboratory.run("index", before)
    laboratory.write(_AFTER)
    await laboratory.run("index by next", laboratory.folder / "fresh")
    expected = await kept_in(laboratory.folder / "fresh")
    unkilled = copy_folder(before, laboratory.folder / "unkilled")
    steps = len((await laboratory.run("move", unkilled)).steps) - 1
    assert await kept_in(unkilled) == expected
    for number, kill in enumerate(kill_points(KILLS, steps, seed=4)):
        home = copy_folder(before, laboratory.folder / str(number))
        outcome = await laboratory.run("move", home, kill)
        _check(await laboratory.look(home), outcome)
        await laboratory.run("move", home)
        assert await kept_in(home) == expected, kill


def _check(look: Look, outcome: Outcome) -> None:
    """See that one model answers, that of the last switch or of the next one, and all is there."""
    flips = sum(step in {"did switch", "did rollback"} for step in outcome.steps)
    assert look.active in _ANSWERING[flips : flips + 2], outcome.steps[-5:]
    assert look.models == {look.active}
    assert look.agrees
    assert look.found >= _BEFORE.keys()
    if "did sync" in outcome.steps:
        assert "荷重.txt" in look.found
