"""The doctor looks at everything the service depends on, and changes nothing."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from inference.fake import HashEmbedder
from service.checks import Check
from service.health import examine
from service.running import announced
from service.settings import read_settings
from service.wiring import open_records, open_resources
from tests.servers.loopback import Exchange, Received, serve_loopback
from tests.servers.openai import MODEL, openai_stand_in
from tests.servers.rdm import serve_rdm
from tests.servers.rdm_world import RdmWorld


async def _check(name: str, **settings: Any) -> Check:  # noqa: ANN401 - settings
    checks = await examine(read_settings(**({"embedding": {"kind": "hash"}} | settings)))
    return next(check for check in checks if check.name == name)


@pytest.mark.parametrize(
    "name", ["data folder", "service", "database", "reranker", "chat model", "models"]
)
async def test_what_is_not_there_yet_is_off_and_not_broken(name: str, tmp_path: Path) -> None:
    assert (await _check(name, data_folder=tmp_path / "new")).state == "off"


async def test_what_a_start_made_is_ok(tmp_path: Path) -> None:
    settings = read_settings(data_folder=tmp_path)
    async with open_records(settings):
        pass
    assert (await _check("data folder", data_folder=tmp_path)).state == "ok"
    assert (await _check("database", data_folder=tmp_path)).state == "ok"


async def test_an_endpoint_that_has_the_model_is_ok(tmp_path: Path) -> None:
    async with openai_stand_in("") as endpoint:
        settings = {"base_url": endpoint.url, "model": MODEL}
        assert (await _check("chat model", data_folder=tmp_path, chat=settings)).state == "ok"
        right = settings | {"dimensions": HashEmbedder().dimensions}
        found = await _check("embedding model", data_folder=tmp_path, embedding=right)
        assert found.state == "ok"


async def test_an_endpoint_without_the_model_names_those_it_has(tmp_path: Path) -> None:
    async with openai_stand_in("") as endpoint:
        settings = {"base_url": endpoint.url, "model": "no-such-model"}
        check = await _check("chat model", data_folder=tmp_path, chat=settings)
    assert check.state == "broken"
    assert MODEL in check.detail


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("chat model", {"chat": {"base_url": "http://127.0.0.1:9/v1"}}),
        ("embedding model", {"embedding": {"base_url": "http://127.0.0.1:9/v1"}}),
        ("embedding model", {"embedding": {"kind": "vllm", "base_url": "http://127.0.0.1:9/v1"}}),
        ("embedding model", {"embedding": {"kind": "bge-m3", "folder": "/"}}),
        ("reranker", {"rerank": {"base_url": "http://127.0.0.1:9/v1"}}),
        ("reranker", {"rerank": {"kind": "colbert"}}),
        ("vector store", {"qdrant": {"url": "http://127.0.0.1:9"}}),
        ("database", {"database_url": "postgresql://nobody@127.0.0.1:9/none"}),
        ("service", {"url": "http://127.0.0.1:9"}),
    ],
)
async def test_what_is_configured_and_does_not_answer_is_broken(
    name: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    check = await _check(name, data_folder=tmp_path, **settings)
    assert check.state == "broken"
    assert check.hint
    assert "doctor" not in check.hint


async def test_a_data_folder_that_cannot_be_made_is_broken(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = await _check("data folder", data_folder=tmp_path / "file" / "data")
    assert (check.state, "is no folder" in check.detail) == ("broken", True)


async def test_vectors_of_another_length_than_the_setting_are_broken(tmp_path: Path) -> None:
    async with openai_stand_in("") as endpoint:
        wrong = {"base_url": endpoint.url, "model": MODEL, "dimensions": 7}
        check = await _check("embedding model", data_folder=tmp_path, embedding=wrong)
    assert check.state == "broken"
    assert "7 numbers" in check.detail
    assert "DIMENSIONS" in check.hint


async def test_a_store_in_use_is_broken_unless_the_running_service_has_it(tmp_path: Path) -> None:
    settings = read_settings(data_folder=tmp_path, embedding={"kind": "hash"})
    async with open_resources(settings):
        held = await _check("vector store", data_folder=tmp_path)
        with announced(tmp_path, url="http://127.0.0.1:9", token="t"):
            served = await _check("vector store", data_folder=tmp_path)
    assert (held.state, f"process {os.getpid()}" in held.detail) == ("broken", True)
    assert served.state == "ok"
    assert (await _check("vector store", data_folder=tmp_path)).state == "ok"


async def test_the_owner_of_the_rdm_token_is_named(tmp_path: Path) -> None:
    world = RdmWorld()
    world.add_user("u1aok", "青木 花子", token="right")
    async with serve_rdm(world) as rdm:
        known = rdm.settings.model_copy(update={"token": SecretStr("right")})
        check = await _check("GakuNin RDM", data_folder=tmp_path, rdm=known)
        wrong = rdm.settings.model_copy(update={"token": SecretStr("s3cret")})
        refused = await _check("GakuNin RDM", data_folder=tmp_path, rdm=wrong)
    assert (check.state, "青木 花子" in check.detail) == ("ok", True)
    assert refused.state == "broken"
    assert "s3cret" not in refused.model_dump_json()


async def test_rdm_without_a_token_is_not_asked(tmp_path: Path) -> None:
    check = await _check("GakuNin RDM", data_folder=tmp_path)
    assert (check.state, "RDM_TOKEN" in check.hint) == ("off", True)


async def test_token_keys_are_counted_and_not_shown(tmp_path: Path) -> None:
    key = base64.b64encode(b"k" * 32).decode()
    assert (await _check("token keys", data_folder=tmp_path)).state == "off"
    check = await _check("token keys", data_folder=tmp_path, token_keys=f"{key},{key}")
    assert (check.state, key in check.model_dump_json()) == ("ok", False)


async def test_an_announced_service_that_does_not_answer_is_broken(tmp_path: Path) -> None:
    with announced(tmp_path, url="http://127.0.0.1:9", token="t"):
        assert (await _check("service", data_folder=tmp_path)).state == "broken"


async def test_without_ocr_images_are_said_to_be_left_out(tmp_path: Path) -> None:
    check = await _check("OCR", data_folder=tmp_path, ocr={"tesseract": "no-such-program"})
    assert (check.state, "images are not read" in check.detail) == ("missing", True)


async def test_a_secret_of_a_url_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql://me:s3cret@127.0.0.1:9/none"
    check = await _check("database", data_folder=tmp_path, database_url=url)
    assert "s3cret" not in check.model_dump_json()


async def test_replicas_that_do_not_answer_are_named(tmp_path: Path) -> None:
    async def say_ready(_: Received, exchange: Exchange) -> None:
        await exchange.answer(200, {}, b"")

    async with serve_loopback(say_ready) as ready:
        site = _catalogue(tmp_path, [ready, "http://127.0.0.1:9"])
        check = await _check("models", data_folder=tmp_path, catalogue=site)
        assert check.state == "broken"
        assert check.detail == "1 of 2 replicas answer; not bge-m3 at http://127.0.0.1:9"
        site = _catalogue(tmp_path, [ready])
        assert (await _check("models", data_folder=tmp_path, catalogue=site)).state == "ok"


async def test_a_catalogue_that_does_not_fit_is_broken(tmp_path: Path) -> None:
    site = _catalogue(tmp_path, [])
    check = await _check("models", data_folder=tmp_path, catalogue=site)
    assert (check.state, "either replicas, or here" in check.detail) == ("broken", True)


async def test_of_models_that_are_started_here_it_is_told_what_is_missing(tmp_path: Path) -> None:
    site = tmp_path / "models.yaml"
    for model, state, told in (("tesseract", "ok", "started here"), ("bge-m3", "broken", "vLLM")):
        site.write_text(json.dumps({"deployments": [{"model": model, "here": {}}]}))
        check = await _check("models", data_folder=tmp_path, catalogue=site)
        assert (check.state, told in check.detail) == (state, True)


def _catalogue(folder: Path, replicas: list[str]) -> Path:
    site = folder / "models.yaml"
    deployed = {"model": "bge-m3", "replicas": replicas}
    site.write_text(json.dumps({"deployments": [deployed]}), encoding="utf-8")
    return site
