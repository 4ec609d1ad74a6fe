"""Of keys and of what is said to models, nothing is in the database, the journal or the log."""

import base64
import json
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from service.keys import KeyOrder, NewKey
from service.serving import Serving, open_serving
from service.settings import read_settings
from tests.servers.asgi import serving
from tests.servers.openai import (
    MODEL,
    CutOff,
    Malformed,
    OpenAIStandIn,
    Refuse,
    openai_stand_in,
)

CHAT = "/v1/chat/completions"
ASKED = "ひみつの問いMARKQ"
SAID = "ひみつの答えMARKA"
SERVERS_KEY = "sk-upstream-MARKS"
NOTHING: dict[str, object] = {"type": "object", "properties": {}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "MARKN", "schema": NOTHING}}


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in(SAID, api_key=SERVERS_KEY) as opened:
        yield opened


def _write_catalogue(folder: Path, server: OpenAIStandIn) -> Path:
    deployment = {
        "model": "gpt-oss-20b",
        "replicas": [server.url.removesuffix("/v1")],
        "served_name": MODEL,
        "api_key_env": "GPT_OSS_KEY",
    }
    (folder / "models.yaml").write_text(json.dumps({"deployments": [deployment]}))
    return folder / "models.yaml"


async def _key(opened: Serving) -> NewKey:
    order = KeyOrder(
        name="k", principal_id="yamada", scopes=frozenset({"models", "admin"}), projects=[]
    )
    return await opened.resources.records.keys.create(order)


async def _ask(client: httpx2.AsyncClient, **more: object) -> None:
    messages = [{"role": "user", "content": ASKED}]
    with suppress(httpx2.RemoteProtocolError):
        await client.post(CHAT, json={"model": "gpt-oss-20b", "messages": messages, **more})


async def _calls_of_all_kinds(url: str, key: str, server: OpenAIStandIn) -> bytes:
    """Make them; return what Prometheus and the lists of usage then say."""
    headers = {"authorization": f"Bearer {key}", "x-request-id": "a" * 16}
    async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
        await _ask(client)
        await _ask(client, stream=True)
        await _ask(client, response_format=SCHEMA)
        await _ask(client, MARKF=ASKED)
        await _ask(client, stop=[ASKED] * 3, model=ASKED)
        for fault in (Refuse(500), CutOff(40), Malformed(SAID.encode()), Refuse(400)):
            server.fail_next(fault)
            await _ask(client)
            server.fail_next(fault)
            await _ask(client, stream=True)
        await client.post(CHAT, content=f'{{"model": "{ASKED}'.encode())
        await client.post(f"{CHAT}?q={ASKED}", content=b"{}")
        await client.get(f"/v1/models/{ASKED}")
        await client.get("/v1/models", headers={"authorization": f"Bearer {key}MARKX"})
        told = [await client.get(path) for path in ("/metrics", "/v1/usage", "/v1/usage/records")]
        return b"".join(answer.content for answer in told)


def _traces(secret: str) -> Iterator[bytes]:
    """Yield a secret in the forms that it could be kept in."""
    for raw in (secret.encode(), secret.encode("utf-16-le")):
        yield raw
        yield raw.hex().encode()
        yield base64.b64encode(raw)[:-4]
    yield json.dumps(secret)[1:-1].encode()
    yield quote(secret).encode()


async def test_no_dump_of_what_is_kept_has_a_key_or_what_was_said(
    tmp_path: Path,
    server: OpenAIStandIn,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GPT_OSS_KEY", SERVERS_KEY)
    caplog.set_level(logging.DEBUG)
    settings = read_settings(
        data_folder=tmp_path / "data",
        embedding={"kind": "hash"},
        catalogue=_write_catalogue(tmp_path, server),
    )
    async with open_serving(settings, local_token="local") as opened, serving(opened.app) as url:
        key = await _key(opened)
        told = await _calls_of_all_kinds(url, key.key, server)
        kept = [file.read_bytes() for file in settings.data_folder.rglob("*") if file.is_file()]
    kept += [file.read_bytes() for file in settings.data_folder.rglob("*") if file.is_file()]
    dump = b"\n".join([told, *kept, _without_clients(caplog).encode()])
    assert b"gpt-oss-20b" in dump
    for secret in (key.key, ASKED, SAID, SERVERS_KEY, "MARKN", "MARKF", "MARKX"):
        for trace in _traces(secret):
            assert trace not in dump, secret


def _without_clients(caplog: pytest.LogCaptureFixture) -> str:
    """Return the log, without what the test's own client wrote: it is no part of the service."""
    ours = [each for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
    return "\n".join(caplog.handler.format(each) for each in ours)
