"""What goes wrong is told with the next step, in both languages, and as JSON to programs."""

import json
from pathlib import Path
from typing import get_args

import pytest

from contracts.problems import Kind, Problem
from service.cli.failures import exit_status
from tests.service.cli.conftest import Fumikura


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_problem_has_an_exit_status_of_its_own(kind: Kind) -> None:
    told = type("Told", (Problem,), {"kind": kind, "code": "told"})
    assert exit_status(told("what", hint="next")) > 1


def test_a_problem_is_told_in_both_languages_with_the_next_step(fumikura: Fumikura) -> None:
    ran = fumikura("search", "x", "--project", "nowhere")
    english, japanese, hint = ran.err.splitlines()
    assert (ran.status, ran.out) == (3, "")
    assert "'nowhere'" in english
    assert "「nowhere」" in japanese
    assert hint.startswith("→ ")


def test_a_japanese_terminal_reads_japanese_first(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert fumikura("search", "x", "--project", "nowhere").err.startswith("閲覧できる")


def test_a_program_gets_the_problem_as_json(fumikura: Fumikura) -> None:
    told = json.loads(fumikura("search", "x", "--limit", "0", "--json").err)
    assert (told["code"], "limit" in told["message"]) == ("invalid_request", True)


def test_a_setting_that_does_not_fit_is_named_without_its_value(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_CHAT__TIMEOUT_S", "s3cret")
    ran = fumikura("search", "x")
    assert "FUMIKURA_CHAT__TIMEOUT_S" in ran.err
    assert "s3cret" not in ran.err


def test_a_folder_that_is_not_there(fumikura: Fumikura, tmp_path: Path) -> None:
    ran = fumikura("index", str(tmp_path / "no"))
    assert (ran.status, "There is no folder" in ran.err) == (2, True)


def test_an_unknown_agent_names_the_nearest(fumikura: Fumikura) -> None:
    assert "explain_vedic" in fumikura("agents", "run", "explain_veda").err


def test_a_named_service_that_does_not_answer(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_URL", "http://127.0.0.1:9")
    ran = fumikura("search", "x")
    assert (ran.status, "at http://127.0.0.1:9 did not answer" in ran.err) == (8, True)
    assert "動作中のサービス" in ran.err
