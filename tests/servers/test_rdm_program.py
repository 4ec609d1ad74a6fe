"""`python -m tests.servers.rdm PATH` serves a folder as a project to whoever tries it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    (tmp_path / "メモ.txt").write_text("室温")
    command = [sys.executable, "-m", "tests.servers.rdm", str(tmp_path), "--token", "secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        yield program
        program.kill()


def _printed(program: subprocess.Popen[str]) -> dict[str, str]:
    """Return the exported settings, and the command after them under ``""``."""
    lines = [program.stdout.readline().strip() for _ in range(6)] if program.stdout else []
    exported = (re.fullmatch(r"export (\w+)=(\S+)", line) for line in lines)
    return {one[1]: one[2] for one in exported if one} | {"": lines[-1]}


def test_it_prints_the_settings_that_lead_to_it(program: subprocess.Popen[str]) -> None:
    printed = _printed(program)
    assert (printed[""], printed["RDM_TOKEN"]) == ("fumikura index rdm:demo1", "secret")
    headers = {"authorization": "Bearer secret"}
    root = f"{printed['FUMIKURA_RDM__FILES_URL']}v1/resources/demo1/providers/osfstorage/"
    api = httpx2.get(f"{printed['FUMIKURA_RDM__API_URL']}users/me/nodes/", headers=headers)
    files = httpx2.get(root, headers=headers)
    assert [node["id"] for node in api.json()["data"]] == ["demo1"]
    assert [entry["attributes"]["name"] for entry in files.json()["data"]] == ["メモ.txt"]


def test_it_ends_with_ctrl_c(program: subprocess.Popen[str]) -> None:
    _printed(program)
    program.send_signal(signal.SIGINT)
    assert program.wait(timeout=20) == 0


def test_it_refuses_what_is_no_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.servers.rdm", str(tmp_path / "none")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, "is no folder" in ended.stderr) == (2, True)
