"""Models behind the service: called with its keys, within limits, recorded."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import openai
import pytest
from sqlalchemy import select

from contracts.principal import Scope
from service.keys import KeyOrder, NewKey
from service.limits.spans import Limits
from service.model_gateway import open_model_gateway
from service.problems import ModelKeyMissing
from service.records.models import UsageRow
from service.serving import open_serving
from service.settings import read_settings
from service.usage.record import UsageRecord
from service.wiring import Resources, open_records
from tests.servers.asgi import serving
from tests.servers.openai import MODEL, OpenAIStandIn, openai_stand_in

OWN = "hash-pairs@64"
QUESTION = [{"role": "user", "content": "何ですか"}]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The service, and the model server behind it."""

    url: str
    resources: Resources
    server: OpenAIStandIn

    async def key(
        self, *, models: tuple[str, ...] = ("*",), limits: Limits | None = None
    ) -> NewKey:
        scopes: frozenset[Scope] = frozenset({"models"})
        order = KeyOrder(
            name="a test's key",
            principal_id="yamada",
            scopes=scopes,
            projects=[],
            models=models,
            limits=limits or Limits(),
        )
        return await self.resources.records.keys.create(order)

    def client(self, key: NewKey) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(base_url=f"{self.url}/v1", api_key=key.key, max_retries=0)

    def http(self, secret: str) -> httpx2.AsyncClient:
        headers = {"authorization": f"Bearer {secret}"}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    async def recorded(self, calls: int) -> list[UsageRow]:
        """Return the records once so many are in the database, the first one first."""
        async with asyncio.timeout(30):
            while True:
                async with self.resources.records.database.read() as session:
                    rows = list(await session.scalars(select(UsageRow).order_by(UsageRow.ended_at)))
                if len(rows) >= calls:
                    return rows
                await asyncio.sleep(0.05)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncGenerator[Shop]:
    async with openai_stand_in("はい。") as server:
        site = _catalogue(tmp_path, server)
        settings = read_settings(
            data_folder=tmp_path / "data", embedding={"kind": "hash"}, catalogue=site
        )
        async with (
            open_serving(settings, local_token="local") as opened,
            serving(opened.app) as url,
        ):
            yield Shop(url=url, resources=opened.resources, server=server)


def _catalogue(folder: Path, server: OpenAIStandIn) -> Path:
    price = {"id": "gpt-oss-20b", "price": {"prompt": 1_000_000, "completion": 2_000_000}}
    root = server.url.removesuffix("/v1")
    deployed = [
        {"model": model, "replicas": [root], "served_name": MODEL}
        for model in ("gpt-oss-20b", "bge-m3")
    ]
    site = folder / "models.yaml"
    site.write_text(json.dumps({"models": [price], "deployments": deployed}), encoding="utf-8")
    return site


async def test_a_chat_model_answers_and_the_call_is_recorded(shop: Shop) -> None:
    key = await shop.key()
    async with shop.client(key) as client:
        answer = await client.chat.completions.create(
            model="gpt-oss-20b", messages=[{"role": "user", "content": "何ですか"}]
        )
    assert answer.choices[0].message.content == "はい。"
    [row] = await shop.recorded(1)
    assert (row.principal_id, row.key_id) == ("yamada", key.info.id)
    assert (row.model, row.outcome, row.status) == ("gpt-oss-20b", "ok", 200)
    assert (row.prompt_tokens, row.completion_tokens, row.microyen) == (4, 3, 10_000_000)


async def test_the_models_of_the_index_and_of_the_catalogue_are_listed(shop: Shop) -> None:
    async with shop.client(await shop.key()) as client:
        assert [each.id async for each in client.models.list()] == [OWN, "bge-m3", "gpt-oss-20b"]
        assert (await client.models.retrieve("GPT-OSS-20B")).id == "gpt-oss-20b"


async def test_texts_are_embedded_here_or_by_a_model_of_the_catalogue(shop: Shop) -> None:
    async with shop.client(await shop.key()) as client:
        for model in (OWN, "bge-m3"):
            answer = await client.embeddings.create(model=model, input=["溶体化処理"])
            assert answer.model == model
    rows = await shop.recorded(2)
    assert [row.model for row in rows] == [OWN, "bge-m3"]
    assert all(row.prompt_tokens > 0 for row in rows)


async def test_a_key_calls_only_the_models_that_it_is_for(shop: Shop) -> None:
    async with shop.client(await shop.key(models=("bge-m3",))) as client:
        assert [each.id async for each in client.models.list()] == ["bge-m3"]
        with pytest.raises(openai.NotFoundError):
            await client.models.retrieve(OWN)
        with pytest.raises(openai.NotFoundError):
            await client.embeddings.create(model=OWN, input=["a"])
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(
                model="gpt-oss-20b", messages=[{"role": "user", "content": "何ですか"}]
            )


async def test_who_is_over_a_limit_is_told_which_and_when_to_come_back(shop: Shop) -> None:
    key = await shop.key(limits=Limits(requests_per_minute=1, tokens_per_day=100_000))
    body = {"model": "gpt-oss-20b", "messages": QUESTION}
    async with shop.http(key.key) as client:
        first = await client.post("/v1/chat/completions", json=body)
        refused = await client.post("/v1/embeddings", json={"model": OWN, "input": "a"})
    assert first.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.status_code == 429
    assert "requests_per_minute" in refused.json()["error"]["message"]
    assert 0 < int(refused.headers["retry-after"]) <= 60


async def test_a_revoked_key_is_refused_within_a_second(shop: Shop) -> None:
    key = await shop.key()
    body = {"model": "gpt-oss-20b", "messages": QUESTION}
    async with shop.http(key.key) as client:
        assert (await client.post("/v1/chat/completions", json=body)).status_code == 200
        await shop.resources.records.keys.revoke(key.info.id)
        await asyncio.sleep(1)
        assert (await client.post("/v1/chat/completions", json=body)).status_code == 401


async def test_prometheus_counts_calls_without_names_of_persons(shop: Shop) -> None:
    async with shop.client(await shop.key()) as client:
        await client.chat.completions.create(
            model="gpt-oss-20b", messages=[{"role": "user", "content": "何ですか"}]
        )
    async with shop.http("local") as operator:
        text = (await operator.get("/metrics")).text
    [line] = [each for each in text.splitlines() if each.startswith("fumikura_model_calls_total")]
    assert 'model="gpt-oss-20b"' in line
    assert 'fumikura_model_replicas{model="gpt-oss-20b",state="ready"} 1.0' in text
    assert "yamada" not in text


async def test_neither_database_nor_journal_holds_a_key_or_what_was_said(
    shop: Shop, tmp_path: Path
) -> None:
    key = await shop.key()
    async with shop.client(key) as client:
        await client.chat.completions.create(
            model="gpt-oss-20b", messages=[{"role": "user", "content": "誰にも言わない言葉"}]
        )
    kept = await asyncio.to_thread(_everything_in, tmp_path / "data")
    for secret in (key.key, key.key.rpartition("_")[2], "誰にも言わない言葉", "はい。"):
        assert secret.encode() not in kept


def _everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_catalogue_without_the_key_of_a_server_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GPT_OSS_KEY", raising=False)
    deployed = {"model": "bge-m3", "replicas": ["http://a:1"], "api_key_env": "GPT_OSS_KEY"}
    site = tmp_path / "models.yaml"
    _write(site, {"deployments": [deployed]})
    settings = read_settings(
        data_folder=tmp_path / "data", embedding={"kind": "hash"}, catalogue=site
    )
    with pytest.raises(ModelKeyMissing, match="GPT_OSS_KEY is not set"):
        async with open_serving(settings, local_token="local"):
            pass


def _write(file: Path, written: object) -> None:
    file.write_text(json.dumps(written), encoding="utf-8")


def test_every_column_of_the_table_is_recorded() -> None:
    assert set(UsageRecord.__struct_fields__) == set(UsageRow.__table__.columns.keys())


async def test_how_long_callers_are_held_is_the_operators_to_say(tmp_path: Path) -> None:
    async with openai_stand_in("はい。") as server:
        settings = read_settings(
            data_folder=tmp_path / "data",
            catalogue=_catalogue(tmp_path, server),
            gateway={"hold_s": 600, "most_held": 7},
        )
        async with open_records(settings) as records, open_model_gateway(records) as models:
            patience = models.models.models[0].pool.patience
    assert (patience.hold_s, patience.most_held, patience.start_s) == (600, 7, 60)
