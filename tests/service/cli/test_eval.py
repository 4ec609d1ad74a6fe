"""`fumikura eval retrieval`, on collections small enough to judge by eye."""

import json
from pathlib import Path

import pytest

from tests.evals.tiny import ALLOYS, OTHERS, write_collection, write_files
from tests.service.cli.conftest import Fumikura

pytest.importorskip("ir_measures", reason="EVALUATION NOT TESTED: install the extra `eval`")


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """A folder of two collections."""
    for collection in (ALLOYS, OTHERS):
        write_collection(tmp_path / "sets" / collection.name, collection)
    return tmp_path / "sets"


def test_the_figures_of_each_set_are_printed(fumikura: Fumikura, sets: Path) -> None:
    ran = fumikura("eval", "retrieval", str(sets))
    assert ran.status == 0
    for printed in ("nDCG@10", "Recall@10", "Recall@100", "MRR@10", "3 documents, 3 queries"):
        assert printed in ran.out
    assert "index alloys" in ran.err


def test_json_holds_everything_and_nothing_else_is_on_stdout(
    fumikura: Fumikura, sets: Path
) -> None:
    facts = fumikura("eval", "retrieval", str(sets), "--mixed", "--json").json()
    alloys = facts["sets"]["alloys"]
    assert alloys["figures"]["hybrid"]["nDCG@10"] == 0.6667
    assert alloys["scores"] == {"q1": 1.0, "q2": 1.0, "q3": 0.0}
    assert facts["command"] == "fumikura eval retrieval alloys others --mixed"
    assert {each["set"] for each in facts["rules"]} == {"alloys", "others"}


def test_the_installation_s_own_index_is_not_touched(
    fumikura: Fumikura, sets: Path, data_folder: Path
) -> None:
    fumikura("eval", "retrieval", str(sets))
    assert not data_folder.exists()


def test_a_configured_server_is_left_alone(
    fumikura: Fumikura, sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_QDRANT__URL", "http://127.0.0.1:9")
    assert fumikura("eval", "retrieval", str(sets / "others")).status == 0


def test_a_part_of_the_queries_can_be_asked(fumikura: Fumikura, sets: Path) -> None:
    facts = fumikura("eval", "retrieval", str(sets / "alloys"), "--queries", "1", "--json").json()
    assert facts["sets"]["alloys"]["scores"].keys() == {"q1"}


def test_a_run_is_compared_with_one_that_was_kept(
    fumikura: Fumikura, sets: Path, tmp_path: Path
) -> None:
    others, kept = str(sets / "others"), str(tmp_path / "run.json")
    assert fumikura("eval", "retrieval", others, "--save", kept).status == 0
    again = fumikura("eval", "retrieval", others, "--against", kept, "--gate")
    assert again.status == 0
    compared = ["others", "1", "1.0000", "1.0000", "+0.0000", "0/0", "1.0000", "1.0000"]
    assert compared in [line.split() for line in again.out.splitlines()]


def test_the_gate_fails_a_set_that_lost_and_names_it(
    fumikura: Fumikura, sets: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "run.json"
    fumikura("eval", "retrieval", str(sets), "--save", str(kept))
    run = json.loads(kept.read_text())
    run["sets"]["alloys"]["scores"]["q3"] = 0.5
    kept.write_text(json.dumps(run))
    ran = fumikura("eval", "retrieval", str(sets), "--against", str(kept), "--gate")
    assert ran.status == 1
    assert "alloys: loses at most 0.005 against the recorded run: 0.8333 → 0.6667" in ran.err
    assert "others: loses" not in ran.err
    assert ALLOYS.queries["q3"] in ran.out
    assert fumikura("eval", "retrieval", str(sets), "--against", str(kept)).status == 0


def test_peers_stand_beside_the_search(fumikura: Fumikura, sets: Path) -> None:
    pytest.importorskip("bm25s", reason="PEERS NOT TESTED: install the extra `eval`")
    pytest.importorskip("llama_index", reason="PEERS NOT TESTED: install the extra `llamaindex`")
    facts = fumikura("eval", "retrieval", str(sets / "alloys"), "--peers", "--json").json()
    contenders = facts["sets"]["alloys"]["figures"].keys()
    assert contenders >= {"hybrid", "bm25s", "LlamaIndex", "Qdrant RRF", "Qdrant DBSF"}


def test_a_malformed_line_is_told_by_file_and_line(fumikura: Fumikura, tmp_path: Path) -> None:
    document = {"_id": "d1", "text": "焼入れ"}
    query = {"_id": "q1", "text": "焼入れ"}
    write_files(tmp_path / "bad", corpus=[document], queries=[query], judged={"q1": {"d2": 1}})
    ran = fumikura("eval", "retrieval", str(tmp_path / "bad"))
    assert ran.status == 2
    assert "qrels.tsv, line 2: there is no document 'd2'" in ran.err
    assert "2 行目" in ran.err


def test_a_folder_that_is_not_there_is_told_before_any_work(
    fumikura: Fumikura, sets: Path, tmp_path: Path
) -> None:
    assert fumikura("eval", "retrieval", str(tmp_path / "none")).status == 3
    nowhere = str(tmp_path / "none" / "run.json")
    assert fumikura("eval", "retrieval", str(sets), "--save", nowhere).status == 2
    assert fumikura("eval", "retrieval", str(sets), "--against", nowhere).status == 2
