"""What is committed of the evaluation: a run to hold others against, nothing of what is judged."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from evals.retrieval.bench import MIXED, PARTS, SHIPPED
from evals.retrieval.collection import load_collections
from evals.retrieval.gate import broken, judge
from evals.retrieval.run import Run, load_run

ROOT = Path(__file__).parents[2]
_LONG_ENOUGH = 24  # characters that no two texts share by chance


@pytest.fixture
def recorded() -> Run:
    return load_run(ROOT / "evals" / "retrieval" / "recorded.json")


def test_the_recorded_run_keeps_every_rule(recorded: Run) -> None:
    assert broken(judge(recorded, recorded)) == []


def test_the_recorded_run_has_what_the_rules_need(recorded: Run) -> None:
    for each in recorded.sets.values():
        assert each.figures.keys() >= {SHIPPED, MIXED, *PARTS[:3]}
        assert len(each.scores) == each.queries


def test_the_recorded_run_is_of_the_evaluation_data(recorded: Run, shared_data: Path) -> None:
    collections = {each.name: each for each in load_collections([shared_data / "retrieval"])}
    assert recorded.sets.keys() == collections.keys()
    for name, each in recorded.sets.items():
        assert each.scores.keys() == collections[name].queries.keys()
        assert each.documents == len(collections[name].documents)


def test_no_text_of_the_evaluation_data_is_committed(shared_data: Path) -> None:
    texts = _texts(shared_data / "retrieval")
    copied = [path for path in _committed() if _shares(path.read_bytes(), texts)]
    assert copied == []


def test_a_copied_text_would_be_noticed(shared_data: Path) -> None:
    texts = _texts(shared_data / "retrieval")
    some = next(iter(texts))
    assert _shares(f"a query was {some}…".encode(), texts)


def _texts(folder: Path) -> frozenset[str]:
    """Return the beginnings of all queries and documents that are long enough to be known again."""
    beginnings = (
        text[:_LONG_ENOUGH]
        for each in load_collections([folder])
        for text in (*each.queries.values(), *(document.text for document in each.documents))
    )
    return frozenset(each for each in beginnings if len(each) == _LONG_ENOUGH)


def _committed() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("COMMITTED FILES NOT CHECKED: not a git checkout")
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    yield from (path for path in paths if path.is_file())


def _shares(content: bytes, texts: frozenset[str]) -> bool:
    text = content.decode("utf-8", errors="ignore")
    return any(
        text[start : start + _LONG_ENOUGH] in texts for start in range(len(text) - _LONG_ENOUGH + 1)
    )
