"""`fumikura models serve`: models started on this machine, behind keys and limits."""

import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path

import httpx2
import pytest

from service.settings import read_settings
from tests.inference.runtimes.left_behind import all_gone
from tests.inference.runtimes.stand_in import write_program
from tests.service.cli.conftest import Fumikura
from tests.service.cli.serving import Service, serving
from tests.service.cli.test_gateway import CHAT, make_key

MODEL = "our-llama"


@pytest.fixture(autouse=True)
def program(
    fumikura: Fumikura,  # noqa: ARG001 - sets the data folder
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Put a stand-in of llama.cpp's server on the path, and a model for it into the catalogue."""
    write_program(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("FUMIKURA_CATALOGUE", str(tmp_path / "models.yaml"))
    _write_catalogue(tmp_path)


def _write_catalogue(folder: Path, mode: str = "slow", here: object = None) -> None:
    model = {
        "id": MODEL,
        "title": {"en": "Our Llama", "ja": "研究室のLlama"},
        "task": "chat",
        "runtime": "llama-cpp",
        "licence": {"id": "MIT"},
        "arguments": ["--manner", mode, "--notes", str(folder)],
        "context": 4_096,
        "resources": {},
        "concurrency": {"target": 2, "limit": 4},
    }
    deployments = [] if here is None else [{"model": MODEL, "here": here}]
    written = {"models": [model], "deployments": deployments}
    (folder / "models.yaml").write_text(json.dumps(written))


async def _ask(service: Service, key: str, *, stream: bool = False) -> int:
    headers = {"authorization": f"Bearer {key}"}
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "何"}], "stream": stream}
    async with httpx2.AsyncClient(base_url=service.url, headers=headers, timeout=60) as client:
        return (await client.post(CHAT, json=asked)).status_code


def _pids(folder: Path) -> Sequence[int]:
    return [int(pid) for pid in (folder / "pids").read_text().split()]


async def test_a_model_is_started_before_it_serves_and_ends_with_it(
    fumikura: Fumikura, tmp_path: Path
) -> None:
    key = await make_key(fumikura)
    with serving("serve", MODEL, "--weights", str(tmp_path), command="models") as service:
        assert (tmp_path / "starts").read_text() == "x"
        assert await _ask(service, key) == 200
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(service.process.wait, 30) == 0
    await all_gone(_pids(tmp_path))
    report = await asyncio.to_thread(fumikura, "usage", "report", "--json")
    assert [each["calls"] for each in report.json()] == [1]


async def test_the_first_of_fifty_calls_starts_it_once_and_none_fails(
    fumikura: Fumikura, tmp_path: Path
) -> None:
    key = await make_key(fumikura)
    _write_catalogue(tmp_path, here={"weights": str(tmp_path), "on_first_call": True})
    with serving("serve", command="models") as service:
        assert not (tmp_path / "starts").exists()
        asked = (_ask(service, key, stream=bool(number % 2)) for number in range(50))
        assert set(await asyncio.gather(*asked)) == {200}
        assert (tmp_path / "starts").read_text() == "x"


async def test_the_service_starts_what_is_here_and_answers_meanwhile(
    fumikura: Fumikura, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUMIKURA_EMBEDDING__KIND", "hash")
    key = await make_key(fumikura)
    _write_catalogue(tmp_path, here={"weights": str(tmp_path)})
    with serving() as service:
        assert await _ask(service, key) == 200


async def test_one_that_does_not_start_is_told_with_its_log(
    fumikura: Fumikura, tmp_path: Path
) -> None:
    _write_catalogue(tmp_path, mode="ends")
    ended = await asyncio.to_thread(
        fumikura, "models", "serve", MODEL, "--weights", str(tmp_path), "--port", "0"
    )
    assert ended.status != 0
    assert str(read_settings().data_folder / "model_logs") in ended.err
    await all_gone(_pids(tmp_path))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((MODEL,), "GGUF"),
        (("qwen2.5-3b-instruct",), "FUMIKURA_RUNTIMES__VLLM_PYTHON"),
        (("our-lama",), MODEL),
        ((), "name a MODEL"),
        (("tesseract", MODEL, "--weights", "."), "one MODEL"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_started(
    fumikura: Fumikura, arguments: Sequence[str], told: str
) -> None:
    ended = fumikura("models", "serve", *arguments, "--port", "0")
    assert ended.status != 0
    assert told in ended.err


def test_a_dry_run_prints_the_command(fumikura: Fumikura, tmp_path: Path) -> None:
    printed = fumikura("models", "serve", MODEL, "--weights", str(tmp_path), "--dry-run").out
    assert printed.startswith(str(tmp_path / "llama-server"))
    assert f"--alias {MODEL} --host 127.0.0.1" in printed
    assert not (tmp_path / "starts").exists()


def test_processes_that_share_a_port_start_no_servers(fumikura: Fumikura, tmp_path: Path) -> None:
    _write_catalogue(tmp_path, here={"weights": str(tmp_path), "on_first_call": True})
    ended = fumikura("gateway", "--share-port", "--port", "0")
    assert "here_not_shared" in ended.err or "replicas" in ended.err
    assert ended.status != 0
