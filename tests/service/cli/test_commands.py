"""Each command, on a small project, in this process."""

from pathlib import Path

import pytest

from service.cli.main import COMMANDS
from tests.service.cli.conftest import Fumikura


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_is_for(command: str, fumikura: Fumikura) -> None:
    ran = fumikura(command, "--help")
    assert ran.status == 0
    assert f"Usage: fumikura {command}" in ran.out


def test_index_makes_a_folder_searchable(fumikura: Fumikura, project: Path) -> None:
    ran = fumikura("index", str(project))
    assert (ran.status, "2 files, 2 read" in ran.out) == (0, True)
    found = fumikura("search", "溶体化の温度", "--json").json()
    assert found["hits"][0]["path"] == "熱処理.md"


def test_index_again_reads_nothing(fumikura: Fumikura, project: Path) -> None:
    fumikura("index", str(project))
    report = fumikura("index", str(project), "--json").json()
    assert (report["done"], report["unchanged"]) == (0, 2)


def test_a_folder_keeps_its_project_however_its_path_is_written(
    fumikura: Fumikura, project: Path
) -> None:
    fumikura("index", str(project), "--title", "合金")
    fumikura("index", f"{project}/../{project.name}/")
    listed = fumikura("projects", "list", "--json").json()["projects"]
    assert [(each["project_id"], each["title"]) for each in listed] == [("A", "合金")]


def test_files_that_cannot_be_read_are_named(fumikura: Fumikura, project: Path) -> None:
    (project / "empty.pdf").touch()
    ran = fumikura("index", str(project))
    assert ran.status == 0
    assert "empty.pdf" in ran.out
    assert "empty_file" in ran.out


def test_search_shows_a_table_with_the_place_of_each_hit(fumikura: Fumikura, project: Path) -> None:
    fumikura("index", str(project))
    ran = fumikura("search", "AZ-01 UTS")
    assert "tensile.csv" in ran.out
    assert "A2:B2" in ran.out


def test_search_says_when_nothing_is_found(fumikura: Fumikura) -> None:
    assert "見つかりませんでした" in fumikura("search", "anything").out


def test_read_shows_the_passages_around_a_hit(fumikura: Fumikura, project: Path) -> None:
    fumikura("index", str(project))
    hit = fumikura("search", "溶体化", "--json").json()["hits"][0]
    assert "413 ℃" in fumikura("read", hit["passage_id"]).out
    assert fumikura("read", hit["passage_id"], "--json").json()["path"] == "熱処理.md"


def test_ask_quotes_and_names_its_source_without_a_model(fumikura: Fumikura, project: Path) -> None:
    fumikura("index", str(project))
    ran = fumikura("ask", "AZ91は何度で溶体化しましたか")
    assert "AZ91は413 ℃で24時間溶体化した。" in ran.out
    assert "熱処理.md" in ran.out
    assert "対話モデルが設定されていない" in ran.out


def test_ask_as_json_is_the_whole_answer(fumikura: Fumikura, project: Path) -> None:
    fumikura("index", str(project))
    answer = fumikura("ask", "AZ91は何度で溶体化しましたか", "--json").json()
    assert answer["mode"] == "extractive"
    assert answer["citations"][0]["hits"] == [1]


def test_a_removed_source_is_found_no_more_and_its_files_stay(
    fumikura: Fumikura, project: Path
) -> None:
    fumikura("index", str(project))
    assert fumikura("sources", "remove", "A", "--json").json() == {"removed": "A"}
    assert fumikura("search", "溶体化", "--json").json()["hits"] == []
    assert (project / "熱処理.md").exists()


def test_agents_are_listed_with_their_fields(fumikura: Fumikura) -> None:
    assert "explain_vedic" in fumikura("agents", "list").out
    listed = fumikura("agents", "list", "--json").json()
    assert {"text", "image"} <= set(listed[1]["request"]["properties"])


def test_an_agent_without_fields_says_what_it_takes(fumikura: Fumikura) -> None:
    assert "base64" in fumikura("agents", "run", "explain_vedic").out


def test_an_agent_runs_on_typed_fields(fumikura: Fumikura, tmp_path: Path) -> None:
    verse = tmp_path / "verse.txt"
    verse.write_text("tát savitúr váreṇyaṃ bhárgo devásya dhīmahi", encoding="utf-8")
    arguments = ("agents", "run", "explain_vedic", f"text=@{verse}", "explain:=false")
    assert "RV 3.62.10" in fumikura(*arguments).out
    assert fumikura(*arguments, "--json").json()["matches"][0]["locus"] == "RV 3.62.10"


def test_a_field_that_an_agent_does_not_have_is_named(fumikura: Fumikura) -> None:
    ran = fumikura("agents", "run", "explain_vedic", "foo=1")
    assert (ran.status, "'foo'" in ran.err, "image, text" in ran.err) == (2, True, True)


def test_examples_keep_their_lines(fumikura: Fumikura) -> None:
    assert "\n    fumikura agents run explain_vedic" in fumikura("agents", "run", "--help").out


def test_a_key_for_a_project_that_is_not_there_is_made_with_a_warning(fumikura: Fumikura) -> None:
    ran = fumikura("keys", "create", "--name", "k", "--for", "aoki", "-p", "nope", "--json")
    assert ran.json()["info"]["projects"] == ["nope"]
    assert ("'nope'" in ran.err, "「nope」" in ran.err) == (True, True)


def test_keys_are_shown_once_and_revoked(fumikura: Fumikura) -> None:
    made = fumikura("keys", "create", "--name", "laptop", "--for", "aoki", "--json").json()
    listed = fumikura("keys", "list")
    assert made["info"]["id"] in listed.out
    assert made["key"] not in listed.out
    assert fumikura("keys", "revoke", made["info"]["id"], "--json").json()["revoked_at"]
    assert "revoked" in fumikura("keys", "list").out


def test_doctor_tells_what_is_missing_without_making_anything(
    fumikura: Fumikura, data_folder: Path
) -> None:
    checks = {check["name"]: check for check in fumikura("doctor", "--json").json()}
    assert checks["chat model"]["state"] == "off"
    assert checks["embedding model"]["state"] == "missing"
    assert not data_folder.exists()


def test_doctor_fails_where_something_configured_does_not_answer(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_CHAT__BASE_URL", "http://127.0.0.1:9/v1")
    ran = fumikura("doctor")
    assert ran.status == 1
    assert "broken" in ran.out


def test_a_key_is_limited_to_models_and_replaced(fumikura: Fumikura) -> None:
    made = fumikura(
        *("keys", "create", "--name", "k", "--for", "aoki", "--scope", "models"),
        *("--model", "bge-m3", "--requests-per-minute", "20", "--json"),
    ).json()["info"]
    assert (made["models"], made["limits"]["requests_per_minute"]) == (["bge-m3"], 20)
    assert "requests_per_minute=20" in fumikura("keys", "list").out
    new = fumikura("keys", "rotate", made["id"], "--overlap-days", "1", "--json").json()["info"]
    assert (new["family"], new["models"]) == (made["id"], ["bge-m3"])
    assert fumikura("keys", "rotate", "0" * 12).status != 0


def test_the_limits_of_a_person_are_set_and_shown(fumikura: Fumikura) -> None:
    assert fumikura("keys", "limit", "aoki").out == "No limits.\n"
    fumikura("keys", "limit", "aoki", "--yen-per-month", "500")
    assert fumikura("keys", "limit", "aoki").out == "yen_per_month: 500\n"
    assert fumikura("keys", "limit", "aoki", "--remove").out == "No limits.\n"
    assert fumikura("keys", "limit", "aoki").out == "No limits.\n"
