"""Files read on a Ray cluster give the same index; nodes that die cost time, no file."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.ports import SourceFile
from rag.models import FileFailure, IndexReport
from rag.parsing.problems import ParseFailed
from rag.ports import FileRecord
from service.records.database import open_database
from service.records.files import DatabaseIndexRecords
from tests.rag.indexing import contents, write_project
from tests.rag.ray_worker import DEADLY

pytest.importorskip("ray", reason="RAY NOT TESTED: install the extra `ray`")

from rag.ray_engine import HandedFiles
from tests.rag.ray_program import ENVIRONMENT

TEXTS = {
    f"S-{number}.txt": f"試料S-{number}の硬さ\n\nHardness of S-{number}: {number} HV."
    for number in range(100, 220)
} | {"empty.txt": "", "table.csv": "sample,HV\nA-11,92\nA-12,95\n"}


async def test_a_cluster_of_which_a_node_dies_gives_the_index_of_the_local_engine(
    tmp_path: Path,
) -> None:
    """Also where a file kills every worker that reads it: that one fails, and no other."""
    project, home, local = tmp_path / "project", tmp_path / "home", tmp_path / "local"
    write_project(project, TEXTS | {DEADLY: "溶体化"})
    report = IndexReport.model_validate_json(_run("ray_program", project, home)[-1])
    assert (report.seen, report.done, report.failed) == (len(TEXTS) + 1, len(TEXTS) + 1, 2)
    crashed = ParseFailed("crashed")
    assert report.failures[0] == FileFailure(
        path=DEADLY, code=crashed.reason, message=crashed.message
    )
    (project / DEADLY).unlink()
    assert "upsert" not in _run("indexing_program", project, home)
    _run("indexing_program", project, local)
    assert contents(home / "store") == contents(local / "store")
    assert await _records(home) == await _records(local)


async def test_a_worker_reads_what_it_was_handed(tmp_path: Path) -> None:
    file = SourceFile(file_id="a", path="報告.txt", size=6, version="1", modified=None)
    handed = HandedFiles("alloy", "Alloy", {"a": "時効".encode()})
    path = await handed.fetch(file, tmp_path)
    assert path.read_text(encoding="utf-8") == "時効"
    assert (await handed.list_files()).files == []


def _run(program: str, project: Path, home: Path) -> list[str]:
    """Run a program of this folder to its end, and return what it said."""
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", f"tests.rag.{program}", str(project), str(home)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT},
        start_new_session=True,
    ) as running:
        try:
            said, _ = running.communicate(timeout=150)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            raise
    assert running.returncode == 0
    return said.splitlines()


async def _records(home: Path) -> dict[str, FileRecord]:
    """Return the records, as if all were written at one moment."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    async with open_database(f"sqlite:///{home / 'records.db'}") as database:
        records = await DatabaseIndexRecords(database, "docs").load("alloy")
    return {file_id: replace(each, indexed_at=moment) for file_id, each in records.items()}
