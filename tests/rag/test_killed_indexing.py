"""kill -9 at any point of indexing leaves work to repeat, never a wrong index."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from rag.ports import FileRecord
from service.records.database import open_database
from service.records.files import DatabaseIndexRecords
from tests.rag.indexing import contents, write_project

BEFORE = {
    f"{name}.txt": f"試料{name}の溶体化処理は415 °Cで行った。\n\nHardness of {name}: 92 HV.\n\n"
    + "時効は170 °Cで16時間。" * 80
    for name in ("A-11", "A-12", "A-13", "B-1")
} | {"empty.txt": "", "table.csv": "sample,HV\nA-11,92\nA-12,95\n"}
AFTER = {
    "A-11.txt": BEFORE["A-11.txt"],
    "A-12.txt": "短くなった。",
    "A-14.txt": BEFORE["A-13.txt"],
    "B-1.txt": BEFORE["B-1.txt"].replace("92", "93"),
    "empty.txt": "no longer empty",
    "table.csv": "",
}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_after_any_kills_the_next_run_gives_the_index_of_a_fresh_one(
    tmp_path: Path, seed: int
) -> None:
    project, home, fresh = tmp_path / "project", tmp_path / "home", tmp_path / "fresh"
    points = Random(seed)  # noqa: S311 - where to kill, not a secret
    write_project(project, BEFORE)
    _kill_at_step(points.randrange(1, 18), project, home)
    _finish(project, home)
    write_project(project, AFTER)
    for _ in range(2):
        _kill_at_step(points.randrange(1, 25), project, home)
    _finish(project, home)
    _finish(project, fresh)
    assert contents(home / "store") == contents(fresh / "store")
    assert await _records(home) == await _records(fresh)
    assert len(contents(fresh / "store")) > len(AFTER)


async def test_a_finished_index_has_nothing_left_to_do(tmp_path: Path) -> None:
    write_project(tmp_path / "project", BEFORE)
    assert _finish(tmp_path / "project", tmp_path / "home") != []
    assert _finish(tmp_path / "project", tmp_path / "home") == []


def _program(project: Path, home: Path) -> subprocess.Popen[str]:
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.rag.indexing_program", str(project), str(home)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _kill_at_step(step: int, project: Path, home: Path) -> None:
    """Kill the program as it begins its `step`-th write, wherever in it the signal finds it."""
    with _program(project, home) as program:
        assert program.stdout is not None
        for _ in range(step):
            program.stdout.readline()
        program.kill()


def _finish(project: Path, home: Path) -> list[str]:
    """Let the program run to its end; return the steps it took."""
    with _program(project, home) as program:
        said, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    return said.splitlines()


async def _records(home: Path) -> dict[str, FileRecord]:
    """Return the records, as if all were written at one moment."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    async with open_database(f"sqlite:///{home / 'records.db'}") as database:
        records = await DatabaseIndexRecords(database, "docs").load("alloy")
    return {file_id: replace(each, indexed_at=moment) for file_id, each in records.items()}
