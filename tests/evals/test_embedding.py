"""The embedding benchmark runs from end to end and prints its ratios."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evals.embedding.__main__ import main
from inference.local_embedder import has_local_embedding


@pytest.mark.skipif(not has_local_embedding(), reason="LOCAL MODEL NOT TESTED: no extra `local`")
def test_the_shipped_backend_is_measured_beside_its_peer(tmp_path: Path) -> None:
    ran = CliRunner().invoke(main, ["--rounds", "1", "--cache", str(tmp_path), "--json"])
    figures = json.loads(ran.stdout)
    assert list(figures) == ["OpenVINO (shipped)", "torch (peer)"]
    assert all(each["query_ms"] > 0 for each in figures.values())
