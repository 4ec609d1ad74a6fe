"""The doctor looks at everything the service depends on, and changes nothing."""

from pathlib import Path
from typing import Any

import pytest

from service.health import Check, examine
from service.running import announced
from service.settings import read_settings
from service.wiring import open_records
from tests.servers.openai import MODEL, openai_stand_in


async def _check(name: str, **settings: Any) -> Check:  # noqa: ANN401 - settings
    checks = await examine(read_settings(**({"embedding": {"kind": "hash"}} | settings)))
    return next(check for check in checks if check.name == name)


@pytest.mark.parametrize("name", ["data folder", "service", "database", "chat model"])
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
        found = await _check("embedding model", data_folder=tmp_path, embedding=settings)
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
        ("embedding model", {"embedding": {"kind": "endpoint"}}),
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
