"""`fumikura links`: a key finds what its owner may read in GakuNin RDM."""

import base64
import io
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.service.cli.conftest import Fumikura
from tests.service.cli.rdm_project import NODE, TOKEN, served
from tests.service.cli.serving import serving

_OLD_KEY = base64.b64encode(b"o" * 32).decode()
_NEW_KEY = base64.b64encode(b"n" * 32).decode()


@pytest.fixture
def rdm_without_token(
    project: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[None]:
    """A private project in GakuNin RDM, and a service that can keep tokens and has none."""
    assert not data_folder.exists()
    with served(project) as settings:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("RDM_TOKEN")
        monkeypatch.setenv("FUMIKURA_TOKEN_KEYS", _OLD_KEY)
        yield


def _type(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.mark.usefixtures("rdm_without_token")
def test_a_key_finds_a_project_of_rdm_once_its_owner_has_linked_an_account(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as service:
        _type(monkeypatch, TOKEN)
        fumikura("index", f"rdm:{NODE}", "--token-stdin")
        monkeypatch.setenv("FUMIKURA_URL", service.url)
        monkeypatch.setenv("FUMIKURA_API_KEY", service.first_key or "")
        assert fumikura("projects", "list", "--json").json() == {"projects": []}
        _type(monkeypatch, TOKEN)
        linked = fumikura("links", "add", "rdm")
        assert ("青木 花子" in linked.out, TOKEN in linked.out + linked.err) == (True, False)
        assert "青木 花子" in fumikura("links", "list").out
        assert fumikura("search", "溶体化", "--json").json()["hits"]
        assert fumikura("links", "remove", "rdm", "--json").json() == {"removed": "rdm"}
        assert fumikura("links", "list", "--json").json() == []
        assert fumikura("search", "溶体化", "--json").json()["hits"] == []


@pytest.mark.usefixtures("rdm_without_token")
def test_the_token_of_a_notebook_is_linked_as_it_is(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as service:
        monkeypatch.setenv("FUMIKURA_API_KEY", service.first_key or "")
        monkeypatch.setenv("RDM_TOKEN", TOKEN)
        _type(monkeypatch, "")
        assert "青木 花子" in fumikura("links", "add", "rdm").out
        _type(monkeypatch, "another\n")
        assert fumikura("links", "add", "rdm", "--token-stdin").status != 0


@pytest.mark.usefixtures("rdm_without_token")
def test_tokens_are_sealed_anew_with_the_first_key(
    fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    _type(monkeypatch, TOKEN)
    fumikura("sources", "add", f"rdm:{NODE}", "--token-stdin")
    monkeypatch.setenv("FUMIKURA_TOKEN_KEYS", f"{_NEW_KEY},{_OLD_KEY}")
    assert fumikura("links", "rotate", "--json").json() == {"resealed": 1}
    monkeypatch.setenv("FUMIKURA_TOKEN_KEYS", _NEW_KEY)
    assert "2 read" in fumikura("sources", "sync", f"rdm-{NODE}").out


@pytest.mark.parametrize("command", [("list",), ("add", "rdm"), ("remove", "rdm")])
def test_links_belong_to_a_key(command: tuple[str, ...], fumikura: Fumikura) -> None:
    ran = fumikura("links", *command)
    assert (ran.status, "FUMIKURA_API_KEY" in ran.err) == (2, True)


def test_a_service_must_run(fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUMIKURA_API_KEY", "fmk_x")
    ran = fumikura("links", "list")
    assert (ran.status, "fumikura serve" in ran.err) == (8, True)


@pytest.mark.parametrize(
    "command", [("links", "add", "rdm"), ("index", "rdm:abc12", "--token-stdin")]
)
def test_a_token_does_not_travel_in_the_clear(
    command: tuple[str, ...], fumikura: Fumikura, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_URL", "http://fumikura.example")
    monkeypatch.setenv("FUMIKURA_API_KEY", "fmk_x")
    _type(monkeypatch, "s3cret")
    ran = fumikura(*command)
    assert (ran.status, "https" in ran.err, "s3cret" in ran.err) == (4, True, False)
