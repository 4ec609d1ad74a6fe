"""Commands find the service of their data folder, and no other."""

import json
import os
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from service.running import announced, find_running, new_token


def test_the_service_is_found_while_it_runs(tmp_path: Path) -> None:
    token = new_token()
    with announced(tmp_path, url="http://127.0.0.1:1", token=token):
        found = find_running(tmp_path)
        assert found is not None
        assert found.token is not None
        assert (found.url, found.pid) == ("http://127.0.0.1:1", os.getpid())
        assert found.token.get_secret_value() == token
    assert find_running(tmp_path) is None


def test_a_service_that_stops_leaves_its_successor_announced(tmp_path: Path) -> None:
    with ExitStack() as first:
        first.enter_context(announced(tmp_path, url="http://127.0.0.1:1", token=new_token()))
        with announced(tmp_path, url="http://127.0.0.1:2", token=new_token()):
            first.close()
            found = find_running(tmp_path)
            assert found is not None
            assert found.url == "http://127.0.0.1:2"


def test_its_token_is_readable_by_its_user_alone(tmp_path: Path) -> None:
    with announced(tmp_path, url="http://127.0.0.1:1", token=new_token()):
        mode = stat.S_IMODE((tmp_path / "service.json").stat().st_mode)
    assert mode == 0o600


def test_a_file_that_a_killed_service_left_counts_as_none(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    facts = {"url": "http://127.0.0.1:1", "token": "t", "pid": ended.pid}
    (tmp_path / "service.json").write_text(json.dumps(facts))
    assert find_running(tmp_path) is None


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b""])
def test_a_broken_file_counts_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "service.json").write_bytes(content)
    assert find_running(tmp_path) is None


def test_in_what_is_no_folder_none_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert find_running(tmp_path / "file") is None
