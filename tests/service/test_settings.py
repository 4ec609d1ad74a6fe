"""Settings come from the environment, typed and bounded; what does not fit is named."""

import base64
from pathlib import Path

import pytest

from connectors.rdm.settings import PRESETS
from service.problems import SettingsInvalid
from service.records.database import open_database
from service.settings import read_settings


@pytest.fixture(autouse=True)
def no_analysis_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RDM_TOKEN", "RDM_API_URL", "RDM_NODE_ID"):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FUMIKURA_DATA_FOLDER", "FUMIKURA_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    settings = read_settings()
    assert settings.is_loopback
    assert settings.records_url == f"sqlite:///{settings.data_folder / 'records.db'}"
    assert settings.chat.base_url is None


def test_a_section_is_set_by_two_underscores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUMIKURA_CHAT__BASE_URL", "http://vllm:8000/v1")
    monkeypatch.setenv("FUMIKURA_CHAT__MODEL", "gpt-oss-20b")
    chat = read_settings().chat
    assert (str(chat.base_url), chat.model) == ("http://vllm:8000/v1", "gpt-oss-20b")


def test_lists_are_written_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUMIKURA_FOLDER_ROOTS", '["/srv/projects"]')
    assert read_settings().folder_roots == (Path("/srv/projects"),)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FUMIKURA_PORT", "70000"),
        ("FUMIKURA_PORT", "web"),
        ("FUMIKURA_KEY_SECRET", "short"),
        ("FUMIKURA_EMBEDDING__DIMENSIONS", "0"),
        ("FUMIKURA_QDRANT__URL", "no url"),
        ("FUMIKURA_PARSING__MEMORY_BYTES", "1"),
        ("FUMIKURA_RDM__PAGE_SIZE", "1000"),
        ("FUMIKURA_RDM__API_URL", "no url"),
        ("FUMIKURA_TOKEN_KEYS", "c2VjcmV0"),
        ("FUMIKURA_TOKEN_KEYS", "/not-base-64/"),
        ("FUMIKURA_SYNC_EVERY_S", "1"),
        ("FUMIKURA_DATABASE_URL", "records"),
        ("FUMIKURA_DATABASE_URL", "mysql://127.0.0.1/records"),
        ("FUMIKURA_DATABASE_URL", "postgresql://me:s3@cret:x@127.0.0.1/records"),
    ],
)
def test_a_wrong_value_stops_the_start_and_names_its_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsInvalid) as caught:
        read_settings()
    assert variable in caught.value.message
    assert value not in caught.value.message.replace(variable, "")


async def test_the_records_lie_in_the_data_folder_whatever_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "実験 100%20?x=1#2"
    async with open_database(read_settings(data_folder=folder).records_url):
        assert (folder / "records.db").exists()


def test_rdm_and_osf_need_no_setting() -> None:
    settings = read_settings()
    assert (settings.rdm, settings.osf) == (PRESETS["rdm"], PRESETS["osf"])


def test_a_part_of_an_instance_is_changed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUMIKURA_OSF__PAGE_SIZE", "10")
    assert read_settings().osf == PRESETS["osf"].model_copy(update={"page_size": 10})


def test_rdms_analysis_environment_needs_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDM_TOKEN", "the-token")
    monkeypatch.setenv("RDM_API_URL", "https://api.rdm.nii.ac.jp/v2/")
    monkeypatch.setenv("RDM_NODE_ID", "abc12")
    settings = read_settings()
    assert settings.rdm.token is not None
    assert settings.rdm.token.get_secret_value() == "the-token"
    assert settings.rdm.files_url == PRESETS["rdm"].files_url
    assert settings.rdm_node_id == "abc12"


def test_our_own_variables_outdo_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RDM_TOKEN", "the-token")
    monkeypatch.setenv("FUMIKURA_RDM__TOKEN", "another")
    token = read_settings().rdm.token
    assert token is not None
    assert token.get_secret_value() == "another"


def test_another_rdm_has_its_files_and_pages_beside_its_api(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RDM_API_URL", "https://api.rdm.example.jp/v2/")
    rdm = read_settings().rdm
    assert str(rdm.files_url) == "https://files.rdm.example.jp/"
    assert str(rdm.web_url) == "https://rdm.example.jp/"
    assert rdm.storage_hosts == ()


def test_a_token_is_not_sent_to_the_presets_hosts_where_the_api_is_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RDM_API_URL", "http://127.0.0.1:8000/v2/")
    with pytest.raises(SettingsInvalid, match="FUMIKURA_RDM__FILES_URL"):
        read_settings()


def test_token_keys_are_written_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [bytes([number]) * 32 for number in (1, 2)]
    written = ", ".join(base64.b64encode(key).decode() for key in keys)
    monkeypatch.setenv("FUMIKURA_TOKEN_KEYS", written)
    settings = read_settings()
    assert [key.get_secret_value() for key in settings.token_keys] == keys
    assert written not in repr(settings)


def test_secrets_are_not_printed() -> None:
    settings = read_settings(api_key="fmk_secret", chat={"api_key": "sk-secret"})
    assert "secret" not in repr(settings).replace("key_secret", "")


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("srv", False)],  # noqa: S104 - not bound
)
def test_only_this_machine_reaches_a_loopback_address(host: str, *, is_loopback: bool) -> None:
    assert read_settings(host=host).is_loopback is is_loopback


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUMIKURA_API_KEY", "")
    assert read_settings().api_key is None


@pytest.mark.parametrize("every_s", [59, float("inf"), float("nan")])
def test_sources_are_synced_at_intervals_that_a_calendar_has(every_s: float) -> None:
    with pytest.raises(SettingsInvalid, match="SYNC_EVERY_S"):
        read_settings(sync_every_s=every_s)
