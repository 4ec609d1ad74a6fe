"""Spans go to the collector that an operator names, and tell nothing of what is said."""

import json
from pathlib import Path

import httpx2

from service.keys import KeyOrder
from service.serving import open_serving
from service.settings import Settings, read_settings
from service.tracing import open_tracer
from tests.servers.asgi import serving
from tests.servers.openai import MODEL, OpenAIStandIn, Refuse, openai_stand_in
from tests.servers.otlp import Collector, collector, facts

QWEN = "qwen2.5-3b-instruct"
CALLERS_SPAN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def _settings(folder: Path, server: OpenAIStandIn, spans: Collector) -> Settings:
    site = folder / "models.yaml"
    replicas = [server.url.removesuffix("/v1")]
    deployment = {"model": QWEN, "replicas": replicas, "served_name": MODEL}
    site.write_text(json.dumps({"deployments": [deployment]}))
    return read_settings(
        data_folder=folder / "data",
        embedding={"kind": "hash"},
        catalogue=site,
        otlp_endpoint=spans.url,
    )


async def _ask(settings: Settings, question: str) -> httpx2.Response:
    async with open_serving(settings, local_token="t") as opened, serving(opened.app) as url:
        order = KeyOrder(name="k", principal_id="yamada", scopes=frozenset({"models"}), projects=[])
        made = await opened.resources.records.keys.create(order)
        headers = {"authorization": f"Bearer {made.key}", "traceparent": CALLERS_SPAN}
        body = {"model": QWEN, "messages": [{"role": "user", "content": question}]}
        async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            return await client.post("/v1/chat/completions?q=秘密", json=body)


async def test_a_call_is_a_span_within_that_of_its_caller_and_the_servers_within_it(
    tmp_path: Path,
) -> None:
    async with openai_stand_in("はい。") as server, collector() as spans:
        assert (await _ask(_settings(tmp_path, server, spans), "何ですか")).status_code == 200
        [told] = [each.headers["traceparent"] for each in server.chats]
    outer, inner = spans.named("POST /v1/chat/completions")[::-1]
    [asking] = spans.named(f"chat {QWEN}")
    assert outer.trace_id.hex() == CALLERS_SPAN.split("-")[1]
    assert outer.parent_span_id.hex() == CALLERS_SPAN.split("-")[2]
    assert (inner.parent_span_id, asking.parent_span_id) == (outer.span_id, inner.span_id)
    assert told.split("-")[2] == asking.span_id.hex()


async def test_spans_name_the_model_and_the_tokens_and_nothing_that_was_said(
    tmp_path: Path,
) -> None:
    async with openai_stand_in("ひみつの答え") as server, collector() as spans:
        await _ask(_settings(tmp_path, server, spans), "ひみつの問い")
    [asking] = spans.named(f"chat {QWEN}")
    call = spans.named("POST /v1/chat/completions")[0]
    assert facts(asking)["gen_ai.operation.name"] == "chat"
    assert facts(call)["gen_ai.response.model"] == QWEN
    assert facts(call)["gen_ai.usage.output_tokens"] > 0
    sent = b"".join(spans.bodies)
    for secret in ("ひみつ", "秘密", "fk_"):
        assert secret.encode() not in sent


async def test_a_refused_call_has_the_code_of_its_problem(tmp_path: Path) -> None:
    async with openai_stand_in("はい。") as server, collector() as spans:
        settings = _settings(tmp_path, server, spans)
        server.fail_next(*[Refuse(503)] * 4)
        assert (await _ask(settings, "何ですか")).status_code == 503
    assert facts(spans.named("POST /v1/chat/completions")[0])["error.type"] == "model_away"


async def test_a_collector_that_is_away_fails_no_call(tmp_path: Path) -> None:
    async with openai_stand_in("はい。") as server:
        away = Collector(url="http://127.0.0.1:9")
        assert (await _ask(_settings(tmp_path, server, away), "何ですか")).status_code == 200


async def test_without_a_collector_no_span_is_begun() -> None:
    async with open_tracer(None) as tracer:
        assert not tracer.start_span("x").is_recording()
