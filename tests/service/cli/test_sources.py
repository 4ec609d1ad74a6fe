"""`fumikura sources` and `fumikura index` on a project of GakuNin RDM, a mount, and folders."""

import base64
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.service.cli.conftest import Fumikura
from tests.service.cli.rdm_project import NODE, TOKEN, served

_ID = f"rdm-{NODE}"


@pytest.fixture
def rdm(project: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """The folder as a project of GakuNin RDM, and what a notebook there has in its environment."""
    assert not data_folder.exists()
    with served(project) as settings:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.usefixtures("rdm")
def test_a_project_of_rdm_is_indexed_and_each_hit_leads_to_its_page(fumikura: Fumikura) -> None:
    assert "2 files, 2 read" in fumikura("index", f"rdm:{NODE}").out
    hit = fumikura("search", "溶体化", "--json").json()["hits"][0]
    assert hit["path"] == "osfstorage/熱処理.md"
    assert f"/{NODE}/files/osfstorage/" in hit["link"]


@pytest.mark.usefixtures("rdm")
def test_in_a_notebook_of_rdm_its_project_needs_no_argument(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RDM_NODE_ID", NODE)
    assert fumikura("index", "--json").json()["project_id"] == _ID


@pytest.mark.usefixtures("rdm")
def test_a_source_is_read_with_the_token_that_it_was_added_with(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RDM_TOKEN")
    monkeypatch.setenv("FUMIKURA_TOKEN_KEYS", base64.b64encode(b"k" * 32).decode())
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TOKEN}\n"))
    ran = fumikura("sources", "add", f"rdm:{NODE}", "--token-stdin")
    assert (ran.status, TOKEN in ran.out + ran.err) == (0, False)
    assert "2 read" in fumikura("sources", "sync", _ID).out


@pytest.mark.usefixtures("rdm")
def test_the_status_tells_the_last_sync_and_what_it_cost(fumikura: Fumikura) -> None:
    fumikura("index", f"rdm:{NODE}")
    shown = fumikura("sources", "status", _ID).out
    for part in ("done", "2 files", "Requests today"):
        assert part in shown
    status = fumikura("sources", "status", _ID, "--json").json()
    assert (status["projects"][0]["files"], status["requests_today"] > 0) == (2, True)


def test_a_mount_of_rdmfs_is_the_project_that_it_shows(fumikura: Fumikura, project: Path) -> None:
    arguments = ("sources", "add", f"rdmfs:{project}", "--project-id", _ID)
    assert fumikura(*arguments, "--json").json() == {"source_id": _ID}
    assert fumikura("sources", "list", "--json").json()[0]["kind"] == "rdmfs"
    assert "2 read" in fumikura("sources", "sync", _ID).out


def test_sources_are_listed_with_how_often_they_are_synced(
    fumikura: Fumikura, project: Path
) -> None:
    fumikura("sources", "add", str(project), "--every", "6h")
    assert "6h" in fumikura("sources", "list").out
    [listed] = fumikura("sources", "list", "--json").json()
    assert (listed["source_id"], listed["sync_every_s"]) == ("A", 21_600)


def test_what_is_added_is_searched_only_after_a_sync(fumikura: Fumikura, project: Path) -> None:
    assert "fumikura sources sync A" in fumikura("sources", "add", str(project)).out
    assert "never" in fumikura("sources", "status", "A").out
    assert fumikura("search", "溶体化", "--json").json()["hits"] == []
    fumikura("sources", "sync", "A")
    assert fumikura("search", "溶体化", "--json").json()["hits"]


def test_where_nothing_runs_nothing_is_cancelled(fumikura: Fumikura, project: Path) -> None:
    fumikura("index", str(project))
    assert "Nothing is being synced" in fumikura("sources", "cancel", "A").err
    assert fumikura("sources", "cancel", "A", "--json").json() is None


def test_nothing_named_to_index_is_told(fumikura: Fumikura) -> None:
    ran = fumikura("index")
    assert (ran.status, "RDM_NODE_ID" in ran.err) == (2, True)


def test_ctrl_c_stops_a_sync_and_says_how_to_go_on(
    fumikura: Fumikura, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = project / "huge.dat"
    huge.touch()
    os.truncate(huge, 2**37)  # a minute to hash
    monkeypatch.setenv("FUMIKURA_MAX_FILE_BYTES", str(2**40))
    command = [sys.executable, "-m", "service.cli.main", "index", str(project)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            _wait_until_open(huge, process.pid)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=20)
        finally:
            process.kill()  # nothing, where it has ended
    assert (process.returncode, "fumikura sources sync A" in told) == (130, True)
    assert "Traceback" not in told
    assert "cancelled" in fumikura("sources", "status", "A").out


def _wait_until_open(path: Path, pid: int) -> None:
    """Wait until the process reads the file."""
    descriptors = Path(f"/proc/{pid}/fd")
    while not any(each.resolve() == path for each in descriptors.iterdir()):
        time.sleep(0.05)
