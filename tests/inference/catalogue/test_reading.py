"""The catalogue that comes with fumikura, and what a site's file makes of it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.catalogue.problems import CatalogueInvalid, CatalogueMissing, ModelNotListed
from inference.catalogue.reading import Catalogue, merged, read_catalogue

OWN = {
    "id": "our-model",
    "title": {"en": "Ours", "ja": "私たちのモデル"},
    "task": "chat",
    "runtime": "llama-cpp",
    "licence": {"id": "MIT"},
    "context": 4096,
    "resources": {"cpus": 2},
    "concurrency": {"target": 1, "limit": 2},
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def read(site: Path, written: object) -> Catalogue:
    text = written if isinstance(written, str) else json.dumps(written, ensure_ascii=False)
    site.write_text(text, encoding="utf-8")
    return read_catalogue(site)


def faults(site: Path, written: object) -> str:
    with pytest.raises(CatalogueInvalid) as caught:
        read(site, written)
    return caught.value.message


def test_what_comes_with_fumikura_holds_together() -> None:
    names = [card.id for card in read_catalogue().models]
    assert names == sorted(names)
    assert {"gpt-oss-20b", "bge-m3", "trocr-large-printed-vedic", "tesseract"} <= set(names)


def test_a_model_is_found_by_id_or_alias_in_whatever_case() -> None:
    catalogue = read_catalogue()
    assert catalogue.find("Whisper-1").id == "faster-whisper-large-v3"
    assert catalogue.find("GPT-OSS-20B").id == "gpt-oss-20b"


def test_near_names_are_told() -> None:
    with pytest.raises(ModelNotListed, match="'gpt-oss-20b'"):
        read_catalogue().find("gpt-oss-200b")


def test_a_site_changes_the_fields_that_it_names(site: Path) -> None:
    change = {"id": "gpt-oss-20b", "price": {"prompt": 20}, "resources": {"cpus": 16}}
    card = read(site, {"models": [change]}).find("gpt-oss-20b")
    assert card.price.prompt == Decimal(20)
    assert (card.resources.cpus, card.resources.gpus) == (16, 1)


def test_a_site_adds_and_removes_models(site: Path) -> None:
    catalogue = read(site, {"models": [OWN], "remove": ["tesseract", "trocr-large-printed-vedic"]})
    names = {card.id for card in catalogue.models}
    assert "our-model" in names
    assert "tesseract" not in names


def test_a_site_says_where_models_answer(site: Path) -> None:
    where = {"model": "bge-m3", "replicas": ["http://10.0.0.5:8000/", "https://pods.example/bge"]}
    [deployment] = read(site, {"deployments": [where]}).deployments
    assert deployment.urls == ["http://10.0.0.5:8000", "https://pods.example/bge"]


def test_every_fault_is_told_with_its_model_and_field(site: Path) -> None:
    told = faults(site, {"models": [{**OWN, "context": -1}, {**OWN, "id": "b", "task": "ocr"}]})
    assert "model 'our-model', context" in told
    assert "model 'b', the runtime llama-cpp is not for ocr" in told


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"arguments": ["--host=0.0.0.0"]}, "--host is set by whoever starts the server"),
        ({"arguments": ["--API_KEY", "x"]}, "--api-key is set by whoever starts the server"),
        ({"aliases": ["GPT-OSS-20B"]}, "'GPT-OSS-20B' is a name of 'gpt-oss-20b' already"),
        ({"fallbacks": ["nothing"]}, "there is no fallback 'nothing'"),
        ({"fallbacks": ["bge-m3"]}, "is not another model for chat"),
        ({"fallbacks": ["our-model"]}, "is not another model for chat"),
        ({"concurrency": {"target": 3, "limit": 2}}, "target is above limit"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
        ({"context": 0}, "context is missing"),
        ({"repository": "../../etc"}, "repository"),
        ({"price": {"prompt": -1}}, "price.prompt"),
    ],
)
def test_what_does_not_fit_is_told(site: Path, changed: dict[str, Any], reason: str) -> None:
    assert reason in faults(site, {"models": [{**OWN, **changed}]})


@pytest.mark.parametrize(
    ("deployment", "reason"),
    [
        ({"model": "nothing", "replicas": ["http://a:1"]}, "there is no such model"),
        ({"model": "bge-m3", "replicas": []}, "either replicas, or here"),
        ({"model": "bge-m3", "replicas": ["http://u:p@a:1"]}, "api_key_env"),
        ({"model": "bge-m3", "replicas": ["http://a:1/v1"]}, "without /v1"),
        ({"model": "bge-m3", "replicas": ["ftp://a"]}, "URL scheme"),
        ({"model": "bge-m3", "replicas": ["http://a:1"], "api_key_env": "sk-1"}, "api_key_env"),
    ],
)
def test_a_deployment_that_does_not_fit_is_told(
    site: Path, deployment: dict[str, Any], reason: str
) -> None:
    assert reason in faults(site, {"deployments": [deployment]})


def test_one_model_is_deployed_in_one_place_of_the_file(site: Path) -> None:
    twice = [{"model": "bge-m3", "replicas": [f"http://a:{port}"]} for port in (1, 2)]
    assert "comes twice" in faults(site, {"deployments": twice})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("models: [", "line 1"),
        ("models: []\nmodels: []", "'models' comes twice"),
        ("a: &a [1]\nb: *a", "aliases"),
        ("- 1", "valid dictionary"),
        ("models: !!python/object:os.system {}", "line 1"),
        ("x" * (2**20 + 1), "larger than"),
        ("models: 1", "models"),
    ],
)
def test_a_file_that_is_no_catalogue_is_told(site: Path, text: str, reason: str) -> None:
    assert reason in faults(site, text)


def test_a_file_that_is_not_there_is_told(site: Path) -> None:
    with pytest.raises(CatalogueMissing, match="No such file"):
        read_catalogue(site)


def test_a_file_that_is_no_text_is_told(site: Path) -> None:
    site.write_bytes(b"\xff\xfe")
    with pytest.raises(CatalogueInvalid, match="UTF-8"):
        read_catalogue(site)


def _entry(name: str, price: dict[str, int] | None, context: int | None) -> dict[str, Any]:
    fields = {"price": price, "context": context}
    return {"id": name} | {key: value for key, value in fields.items() if value is not None}


entries = st.lists(
    st.builds(
        _entry,
        st.sampled_from("abc"),
        st.none() | st.dictionaries(st.sampled_from(["prompt", "page"]), st.integers(0, 9)),
        st.none() | st.integers(1, 9),
    ),
    max_size=4,
)


@given(entries, entries)
def test_what_a_site_says_holds_and_saying_it_again_changes_nothing(
    own: list[dict[str, Any]], changes: list[dict[str, Any]]
) -> None:
    once = merged(own, changes)
    assert merged(list(once.values()), changes) == merged(own, [*changes, *changes])
    for change in changes[-1:]:
        result = once[change["id"]]
        assert all(result[key] == value for key, value in change.items() if key != "price")
        assert result.get("price", {}).items() >= change.get("price", {}).items()
