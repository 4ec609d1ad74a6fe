"""`fumikura serve` as people run it: a process, stopped by a signal or by force."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from mcp_server.client import call_tool
from service.running import find_running
from tests.service.cli.conftest import Fumikura
from tests.service.cli.serving import serving


def test_the_first_start_shows_a_key_that_works_and_the_next_none(data_folder: Path) -> None:
    assert not data_folder.exists()
    with serving() as first:
        headers = {"Authorization": f"Bearer {first.first_key}"}
        assert httpx2.get(f"{first.url}/v1/projects", headers=headers).json() == {"projects": []}
        assert httpx2.get(f"{first.url}/v1/projects").status_code == 401
    with serving() as second:
        assert second.first_key is None


def test_commands_go_through_the_running_service(fumikura: Fumikura, project: Path) -> None:
    with serving():
        assert "2 read" in fumikura("index", str(project)).out
        assert fumikura("search", "溶体化", "--json").json()["hits"][0]["path"] == "熱処理.md"
        assert "413 ℃" in fumikura("ask", "AZ91は何度で溶体化しましたか").out
        assert (
            "RV 3.62.10"
            in fumikura(
                "agents", "run", "explain_vedic", "text=tat savitur vareṇyaṃ bhargo devasya dhīmahi"
            ).out
        )
        assert fumikura("search", "x", "-p", "nowhere").status == 3
        assert fumikura("sources", "list", "--json").json()[0]["source_id"] == "A"
        assert "2 unchanged" in fumikura("sources", "sync", "A").out
        assert "done" in fumikura("sources", "status", "A").out
        assert fumikura("sources", "remove", "A").status == 0


@pytest.mark.usefixtures("data_folder")
async def test_an_assistant_goes_through_the_running_service() -> None:
    with serving():
        called = await call_tool(
            [sys.executable, "-m", "service.cli.main", "mcp"],
            os.environ,
            name="list_projects",
            arguments={},
        )
    assert "no project" in called.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order(number: signal.Signals, data_folder: Path) -> None:
    with serving() as service:
        assert find_running(data_folder) is not None
        service.process.send_signal(number)
        assert service.process.wait(timeout=20) == 0
    assert not (data_folder / "service.json").exists()


def test_a_killed_service_leaves_nothing_in_the_way(
    fumikura: Fumikura, data_folder: Path, project: Path
) -> None:
    with serving() as service:
        service.process.kill()
        service.process.wait()
    assert (data_folder / "service.json").exists()
    assert "2 read" in fumikura("index", str(project)).out


def test_a_store_that_another_process_holds_is_told(
    fumikura: Fumikura, data_folder: Path, project: Path
) -> None:
    with serving() as service:
        (data_folder / "service.json").unlink()
        ran = fumikura("index", str(project))
    assert (ran.status, f"process {service.process.pid}" in ran.err) == (5, True)


def test_of_two_that_start_together_on_one_port_one_is_told(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "service.cli.main", "serve", "--port", port]
    started: list[subprocess.Popen[str]] = []
    for name in ("one", "other"):
        monkeypatch.setenv("FUMIKURA_DATA_FOLDER", str(data_folder / name))
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
    with started[0], started[1]:
        while all(process.poll() is None for process in started):
            time.sleep(0.05)
        for process in started:
            process.terminate()
        told = [process.stderr.read() for process in started if process.stderr]
    assert "--port 0" in "".join(told)
    assert "Traceback" not in "".join(told)


def test_a_taken_port_is_told(fumikura: Fumikura) -> None:
    with serving() as service:
        port = service.url.rpartition(":")[2]
        ran = fumikura("serve", "--port", port)
    assert (ran.status, "--port 0" in ran.err) == (5, True)
