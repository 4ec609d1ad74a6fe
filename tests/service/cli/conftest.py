"""The command line in this process, on a data folder of its own, without a real model."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from service.cli.main import main


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    def json(self) -> Any:  # noqa: ANN401 - whatever the command prints
        return json.loads(self.out)


Fumikura = Callable[..., Ran]


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("FUMIKURA_DATA_FOLDER", str(folder))
    monkeypatch.setenv("FUMIKURA_EMBEDDING__KIND", "hash")
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("FUMIKURA_URL", "FUMIKURA_API_KEY", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    return folder


@pytest.fixture
def fumikura(data_folder: Path, capfd: pytest.CaptureFixture[str]) -> Fumikura:
    """Runs one command to its end."""
    assert not data_folder.exists()

    def run(*arguments: str) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        out, err = capfd.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with two research files."""
    folder = tmp_path / "合金 A"
    folder.mkdir()
    (folder / "熱処理.md").write_text(
        "# 熱処理\n\nAZ91は413 ℃で24時間溶体化した。\n", encoding="utf-8"
    )
    (folder / "tensile.csv").write_text("sample,UTS (MPa)\nAZ-01,276\n", encoding="utf-8")
    return folder
