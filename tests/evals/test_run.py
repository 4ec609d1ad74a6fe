"""A run can be kept, and holds nothing of the collections but the ids of queries."""

from pathlib import Path

import pytest

from evals.retrieval.problems import RunUnreadable
from evals.retrieval.run import kept, load_run, means, new_run, save_run
from tests.evals.runs import a_run, a_set


def test_a_run_is_read_as_it_was_kept(tmp_path: Path) -> None:
    run = a_run(jsquad=a_set([0.5, 1], words=0.7), xquad=[1])
    save_run(run, tmp_path / "run.json")
    assert load_run(tmp_path / "run.json") == run


def test_a_run_says_what_it_was_made_with() -> None:
    run = new_run({}, command="fumikura eval retrieval", model="all-MiniLM-L6-v2@0.1.0")
    assert {"model", "fumikura", "qdrant-edge-py"} <= run.versions.keys()
    assert run.made.tzinfo is not None


def test_figures_are_means_of_four_digits() -> None:
    scores = {"nDCG@10": {"q1": 1.0, "q2": 0.0, "q3": 0.0}}
    assert (means(scores), kept(scores)) == ({"nDCG@10": 0.3333}, scores["nDCG@10"])


@pytest.mark.parametrize(
    ("content", "reason"),
    [("", "Invalid JSON"), ("{}", "Field required"), ('{"format": 2}', "format")],
)
def test_what_is_no_run_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content)
    with pytest.raises(RunUnreadable, match=reason):
        load_run(file)


def test_a_run_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunUnreadable, match="No such file"):
        load_run(tmp_path / "run.json")
