"""`fumikura gateway` as people run it: models alone, several processes at one port."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path
from random import Random
from typing import Final

import httpx2
import pytest

from tests.inference.gateway.house import free_port
from tests.servers.openai import MODEL, OpenAIStandIn, openai_stand_in
from tests.service.cli.conftest import Fumikura
from tests.service.cli.serving import Service, serving

ASKED = {"model": "gpt-oss-20b", "messages": [{"role": "user", "content": "何ですか"}]}
CHAT = "/v1/chat/completions"
KILLS: Final = int(os.environ.get("FUMIKURA_KILLS", "2"))


@pytest.fixture
async def server(
    fumikura: Fumikura,  # noqa: ARG001 - sets the data folder
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in("はい。") as opened:
        replica = opened.url.removesuffix("/v1")
        deployed = {"model": "gpt-oss-20b", "replicas": [replica], "served_name": MODEL}
        _write(tmp_path / "models.yaml", {"deployments": [deployed]})
        monkeypatch.setenv("FUMIKURA_CATALOGUE", str(tmp_path / "models.yaml"))
        yield opened


def _write(file: Path, written: object) -> None:
    file.write_text(json.dumps(written), encoding="utf-8")


async def make_key(fumikura: Fumikura, *limits: str) -> str:
    made = await asyncio.to_thread(
        fumikura, "keys", "create", "--name", "k", "--for", "aoki", "--scope", "models", *limits
    )
    return made.out.split()[0]


async def ask(service: Service, key: str) -> int:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=service.url, headers=headers, timeout=30) as client:
        return (await client.post(CHAT, json=ASKED)).status_code


@pytest.mark.usefixtures("server")
async def test_it_answers_records_and_ends_when_it_is_told(fumikura: Fumikura) -> None:
    key = await make_key(fumikura)
    with serving(command="gateway") as service:
        async with httpx2.AsyncClient(base_url=service.url) as client:
            assert (await client.get("/healthz")).status_code == 200
            assert (await client.post(CHAT, json=ASKED)).status_code == 401
        assert await ask(service, key) == 200
        service.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(service.process.wait, 30) == 0
    report = await asyncio.to_thread(fumikura, "usage", "report", "--json")
    assert [each["calls"] for each in report.json()] == [1]


@pytest.mark.usefixtures("server")
async def test_an_admin_is_told_its_numbers_and_nobody_else(fumikura: Fumikura) -> None:
    key, admin = await make_key(fumikura), await make_key(fumikura, "--scope", "admin")
    with serving(command="gateway") as service:
        await ask(service, key)
        async with httpx2.AsyncClient(base_url=service.url) as client:
            answers = [
                await client.get("/metrics", headers={"authorization": f"Bearer {each}"})
                for each in (admin, key, "none")
            ]
    assert [answer.status_code for answer in answers] == [200, 403, 401]
    assert 'fumikura_model_calls_total{endpoint="/v1/chat/completions"' in answers[0].text


@pytest.mark.usefixtures("server")
async def test_two_at_one_port_keep_a_limit_together(fumikura: Fumikura) -> None:
    key = await make_key(fumikura, "--tokens-per-day", "5000", "--requests-per-minute", "12")
    options = ("--port", str(free_port()), "--share-port")
    with serving(*options, command="gateway") as one, serving(*options, command="gateway"):
        answers = await asyncio.gather(*(ask(one, key) for _ in range(40)))
    assert set(answers) == {200, 429}
    assert answers.count(200) <= 24  # the minute may end in between


@pytest.mark.usefixtures("server")
async def test_killed_ones_lose_no_record_but_those_of_calls_in_flight(fumikura: Fumikura) -> None:
    key = await make_key(fumikura)
    answered, drawn = 0, Random(1)  # noqa: S311 - to be repeated
    for _ in range(KILLS):
        with serving(command="gateway") as service:
            asking = [asyncio.create_task(_ask_if_there(service, key)) for _ in range(40)]
            await asyncio.sleep(drawn.uniform(0.05, 0.4))
            os.kill(service.process.pid, signal.SIGKILL)
            answered += (await asyncio.gather(*asking)).count(200)
            await asyncio.to_thread(service.process.wait)
    with serving(command="gateway") as service:
        assert await ask(service, key) == 200
        service.process.terminate()
        await asyncio.to_thread(service.process.wait)
    report = await asyncio.to_thread(fumikura, "usage", "report", "--json")
    [recorded] = [each["calls"] for each in report.json()]
    assert answered + 1 <= recorded <= 40 * KILLS + 1


async def _ask_if_there(service: Service, key: str) -> int | None:
    try:
        return await ask(service, key)
    except httpx2.TransportError:
        return None
