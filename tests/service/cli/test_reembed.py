"""`fumikura reembed`: to another model and back, in this process and at a running service."""

from pathlib import Path

import pytest

from tests.service.cli.conftest import Fumikura
from tests.service.cli.serving import serving

OLD, NEW = "hash-pairs@64", "hash-pairs@32"


@pytest.fixture
def indexed(fumikura: Fumikura, project: Path, monkeypatch: pytest.MonkeyPatch) -> Fumikura:
    """A project is indexed by one model, and the settings name another one to move to."""
    fumikura("index", str(project))
    monkeypatch.setenv("FUMIKURA_NEXT_EMBEDDING__KIND", "hash")
    monkeypatch.setenv("FUMIKURA_NEXT_EMBEDDING__DIMENSIONS", "32")
    return fumikura


def _models_found(fumikura: Fumikura) -> set[str]:
    return {hit["embedding_model"] for hit in fumikura("search", "溶体化", "--json").json()["hits"]}


def test_there_and_back_without_a_service(indexed: Fumikura) -> None:
    started = indexed("reembed", "start")
    assert started.status == 0
    for part in (OLD, NEW, "2 of 2 passages", "counts agree", "fumikura reembed switch"):
        assert part in started.out
    assert _models_found(indexed) == {OLD}
    assert indexed("reembed", "switch", "--json").json()["active"]["model"] == NEW
    assert _models_found(indexed) == {NEW}
    indexed("reembed", "rollback")
    assert _models_found(indexed) == {OLD}


def test_what_was_filled_can_be_dropped(indexed: Fumikura) -> None:
    indexed("reembed", "start")
    assert "idle" in indexed("reembed", "drop").out
    assert indexed("reembed", "status", "--json").json()["other"] is None


def test_a_running_service_moves_without_a_restart(indexed: Fumikura) -> None:
    with serving():
        assert _models_found(indexed) == {OLD}
        assert indexed("reembed", "start", "--json").json()["stage"] == "ready"
        assert indexed("reembed", "switch", "--json").json()["other_is"] == "former"
        assert _models_found(indexed) == {NEW}
        assert indexed("reembed", "status", "--json").json()["active"]["model"] == NEW


def test_what_does_not_fit_is_refused_with_the_next_step(indexed: Fumikura) -> None:
    ran = indexed("reembed", "switch")
    assert ran.status != 0
    assert "fumikura reembed start" in ran.err


def test_without_a_next_model_the_setting_is_named(fumikura: Fumikura) -> None:
    ran = fumikura("reembed", "start")
    assert ran.status != 0
    assert "FUMIKURA_NEXT_EMBEDDING__" in ran.err


def test_where_the_model_that_answers_is_not_configured_nothing_is_searched(
    indexed: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexed("reembed", "start")
    indexed("reembed", "switch")
    monkeypatch.delenv("FUMIKURA_NEXT_EMBEDDING__KIND")
    monkeypatch.delenv("FUMIKURA_NEXT_EMBEDDING__DIMENSIONS")
    ran = indexed("search", "溶体化")
    assert (ran.status != 0, NEW in ran.err) == (True, True)
    [index] = [each for each in indexed("doctor", "--json").json() if each["name"] == "index"]
    assert (index["state"], NEW in index["detail"]) == ("broken", True)


def test_the_doctor_says_what_a_plain_change_of_the_model_does(
    indexed: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_EMBEDDING__DIMENSIONS", "16")
    monkeypatch.delenv("FUMIKURA_NEXT_EMBEDDING__KIND")
    [index] = [each for each in indexed("doctor", "--json").json() if each["name"] == "index"]
    assert (index["state"], "reembed start" in index["hint"]) == ("missing", True)
