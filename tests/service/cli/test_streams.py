"""Commands where a terminal is missing, or cannot show what they print."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_VERSE = ("agents", "run", "explain_vedic", "text=agním īḷe puróhitaṃ", "explain:=false")


def _fumikura(*arguments: str, closing: str = "") -> "subprocess.CompletedProcess[bytes]":
    """Run the command as a shell does, some of its streams closed."""
    command = [sys.executable, "-m", "service.cli.main", *arguments]
    shell = ["sh", "-c", f'exec "$@" {closing}', "sh", *command]
    return subprocess.run(shell, capture_output=True, stdin=subprocess.DEVNULL, check=False)


@pytest.mark.usefixtures("data_folder")
@pytest.mark.parametrize("closing", ["<&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_in_nobodys_way(closing: str) -> None:
    assert _fumikura(*_VERSE, closing=closing).returncode == 0


@pytest.mark.usefixtures("data_folder")
def test_an_assistant_that_closed_stdin_is_gone() -> None:
    ran = _fumikura("mcp", closing="<&-")
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.usefixtures("data_folder")
def test_a_problem_without_stderr_does_not_mix_with_the_answer() -> None:
    ran = _fumikura("search", "x", "--project", "nowhere", closing="2>&-")
    assert (ran.returncode, ran.stdout) == (3, b"")


@pytest.mark.usefixtures("data_folder")
def test_a_database_that_is_away_is_told_without_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUMIKURA_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    ran = _fumikura("keys", "list")
    assert (ran.returncode, ran.stderr.decode().splitlines()[0]) == (
        8,
        "The database did not answer: ConnectionRefusedError.",
    )


@pytest.mark.usefixtures("data_folder")
def test_what_an_encoding_lacks_is_printed_as_escapes(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _fumikura("index", str(project)).returncode == 0
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    found = json.loads(_fumikura("search", "AZ91", "--json").stdout.decode("latin-1"))
    assert found["hits"][0]["path"] == "熱処理.md"
    assert b"\\u6eb6" in _fumikura("search", "AZ91").stdout
