"""Our server as a program of its own, started as any other runtime."""

import asyncio
import os
import signal
from pathlib import Path

import httpx2
import pytest

from inference.catalogue.card import Task
from inference.runtimes.problems import RuntimeFailed
from inference.runtimes.process import Options, running
from inference.runtimes.to_serve import ToServe
from tests.inference.model_server.made import data_url, page, saved, tone


@pytest.fixture
def options(tmp_path: Path) -> Options:
    return Options(log_folder=tmp_path / "logs", ready_s=60, grace_s=30)


def _ocr(weights: Path | None = None) -> ToServe:
    return ToServe(id="tesseract", served_name="t", runtime="ocr", task="ocr", weights=weights)


@pytest.mark.usefixtures("tesseract")
async def test_a_call_in_flight_at_sigterm_is_answered(options: Options) -> None:
    asked = {"model": "t", "image": data_url(saved(page(*["Stainless steel 316L"] * 12)))}
    async with (
        running(_ocr(), options) as server,
        httpx2.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as client,
    ):
        calling = asyncio.create_task(client.post("/v1/ocr", json=asked))
        await _in_flight(client)
        os.kill(server.pid, signal.SIGTERM)
        answer = await calling
        assert await server.ended() == 0
    assert len(answer.json()["pages"][0]["lines"]) == 12


async def _in_flight(client: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            if "fumikura_model_server_in_flight 1.0" in (await client.get("/metrics")).text:
                return
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("task", ["transcription", "embedding"])
async def test_each_task_answers_its_first_request(
    request: pytest.FixtureRequest, options: Options, task: Task
) -> None:
    is_sound = task == "transcription"
    folder: Path = request.getfixturevalue("tiny_whisper" if is_sound else "tiny_bge_m3")
    served = ToServe(
        id=task,
        served_name="tiny",
        runtime="transcription" if is_sound else "bge-m3",
        task=task,
        weights=folder,
        context=0 if is_sound else 512,
    )
    async with (
        running(served, options) as server,
        httpx2.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as client,
    ):
        if is_sound:
            answer = await client.post(
                "/v1/audio/transcriptions", data={"model": "tiny"}, files={"file": tone(0.5)}
            )
        else:
            answer = await client.post("/v1/embeddings", json={"model": "tiny", "input": "steel"})
    assert answer.status_code == 200


async def test_weights_that_are_not_there_end_it_and_are_told_in_the_log(
    tmp_path: Path, options: Options
) -> None:
    with pytest.raises(RuntimeFailed) as failed:
        async with running(_ocr(tmp_path), options):
            pass
    assert failed.value.exit_code == 3
    log = failed.value.log.read_text()
    assert "config.json is not there" in log
    assert "Traceback" not in log
