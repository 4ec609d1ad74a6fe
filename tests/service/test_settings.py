"""Settings come from the environment, typed and bounded; what does not fit is named."""

from pathlib import Path

import pytest

from service.problems import SettingsInvalid
from service.records.database import open_database
from service.settings import read_settings


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


def test_secrets_are_not_printed() -> None:
    settings = read_settings(api_key="fmk_secret", chat={"api_key": "sk-secret"})
    assert "secret" not in repr(settings).replace("key_secret", "")


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("srv", False)],  # noqa: S104 - not bound
)
def test_only_this_machine_reaches_a_loopback_address(host: str, *, is_loopback: bool) -> None:
    assert read_settings(host=host).is_loopback is is_loopback
