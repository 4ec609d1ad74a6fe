"""The demo walks the whole path and leaves nothing behind."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.service.cli.conftest import Fumikura

needs_ocr = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="DEMO NOT TESTED: Tesseract is not installed"
)


@needs_ocr
@pytest.mark.usefixtures("data_folder")
def test_every_step_of_the_demo_shows_what_it_should(
    fumikura: Fumikura, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ran = fumikura("demo")
    assert ran.status == 0
    for shown in (
        "alloy-project: 22 files, 22 read",
        "veda-project: 15 files, 15 read",
        "0 failed",
        "引き出しC-4",
        "10秒を超えると引張強さが下がり始めた。[1]",
        "(sufficient)",
        "(needs_more)",
        "(contradictory)",
        "RV 1.1.1",
        "RV 3.62.10",
        "Tools: list_projects, search, read, ask",
        "What next?",
    ):
        assert shown in ran.out
    assert list(tmp_path.glob("fumikura-demo-*")) == []


@pytest.mark.usefixtures("data_folder")
def test_without_ocr_the_demo_says_so_and_shows_the_rest(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_OCR__TESSERACT", "no-such-program")
    ran = fumikura("demo")
    assert ran.status == 0
    assert "ocr_unavailable" in ran.out
    assert "No OCR engine" in ran.err
    assert "RV 1.1.1" in ran.out
    assert "What next?" in ran.out
