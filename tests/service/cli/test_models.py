"""`fumikura models`: the catalogue on the command line."""

from pathlib import Path

import pytest

from tests.service.cli.conftest import Fumikura

SITE = """
models:
  - {id: gpt-oss-20b, revision: v1, price: {prompt: 20, completion: 80}}
deployments:
  - {model: gpt-oss-20b, replicas: ["http://10.0.0.5:8000"]}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    file = tmp_path / "models.yaml"
    file.write_text(SITE, encoding="utf-8")
    return file


def test_models_are_listed_with_what_they_are_for(fumikura: Fumikura) -> None:
    ran = fumikura("models", "list")
    assert ran.status == 0
    assert "trocr-large-printed-vedic" in ran.out
    listed = fumikura("models", "list", "--json").json()
    assert {each["task"] for each in listed} == {
        *("chat", "embedding", "rerank", "ocr", "transcription")
    }


def test_a_model_is_shown_with_its_price_and_where_it_answers(
    fumikura: Fumikura, site: Path
) -> None:
    ran = fumikura("models", "show", "GPT-OSS-20B", "--catalogue", str(site))
    assert "http://10.0.0.5:8000" in ran.out
    shown = fumikura("models", "show", "gpt-oss-20b", "--json", "--catalogue", str(site)).json()
    assert (shown["revision"], shown["price"]["completion"]) == ("v1", "80")


def test_the_settings_may_name_the_file(
    fumikura: Fumikura, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_CATALOGUE", str(site))
    assert "http://10.0.0.5:8000" in fumikura("models", "show", "gpt-oss-20b").out


def test_near_names_of_an_unknown_model_are_told(fumikura: Fumikura) -> None:
    ran = fumikura("models", "show", "gpt-oss")
    assert ran.status != 0
    assert "Did you mean 'gpt-oss-20b'?" in ran.err


def test_what_to_know_of_a_model_is_told_by_check(fumikura: Fumikura, site: Path) -> None:
    ran = fumikura("models", "check", "--catalogue", str(site))
    assert ran.status == 0
    assert "qwen2.5-3b-instruct: licence Qwen-Research: not for commercial use" in ran.out
    assert "llm-jp-3.1-13b-instruct4: no revision is pinned" in ran.out
    assert "gpt-oss-20b: no revision" not in ran.out
    assert "1 deployed" in ran.err


def test_a_catalogue_that_does_not_fit_fails(fumikura: Fumikura, site: Path) -> None:
    site.write_text("models: [{id: gpt-oss-20b, context: many}]", encoding="utf-8")
    ran = fumikura("models", "check", "--catalogue", str(site))
    assert ran.status == 2
    assert "model 'gpt-oss-20b', context" in ran.err
