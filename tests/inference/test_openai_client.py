"""What an endpoint may do wrong, and what the environment must not add."""

import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from pydantic import AnyHttpUrl, SecretStr

from contracts.problems import Problem
from inference.openai_embedder import OpenAIEmbedder, open_openai_embedder
from inference.problems import ModelBusy, ModelRefused, ModelUnreachable
from inference.settings import EmbeddingSettings
from tests.servers.openai import CutOff, Delay, Endless, Fault, Malformed, OpenAIStandIn, Refuse

SOON = "0.01"  # the client tries again after this time; without it after half a second


@asynccontextmanager
async def _embedder(
    url: str, *, timeout_s: float = 5.0, key: str | None = None
) -> AsyncGenerator[OpenAIEmbedder]:
    opened = open_openai_embedder(
        EmbeddingSettings(
            base_url=AnyHttpUrl(url),
            model="stand-in",
            dimensions=64,
            timeout_s=timeout_s,
            api_key=SecretStr(key) if key else None,
        )
    )
    try:
        yield opened
    finally:
        await opened.aclose()


@pytest.fixture
async def embedder(server: OpenAIStandIn) -> AsyncGenerator[OpenAIEmbedder]:
    async with _embedder(server.url) as opened:
        yield opened


async def _failure(embedder: OpenAIEmbedder) -> Problem:
    with pytest.raises(Problem) as failed:
        await embedder.embed_query("鋼")
    return failed.value


async def test_a_hiccup_is_tried_again(server: OpenAIStandIn, embedder: OpenAIEmbedder) -> None:
    server.fail_next(Refuse(503, retry_after=SOON), Refuse(429, retry_after=SOON))
    assert len((await embedder.embed_query("鋼")).dense) == 64
    assert len(server.embeddings) == 3


async def test_a_busy_endpoint_says_when_to_come_back(
    server: OpenAIStandIn, embedder: OpenAIEmbedder
) -> None:
    server.fail_always(Refuse(429, retry_after="300"))
    problem = await _failure(embedder)
    assert isinstance(problem, ModelBusy)
    assert (problem.kind, problem.retry_after_s) == ("limited", 300.0)


async def test_a_time_that_cannot_be_read_is_left_out(
    server: OpenAIStandIn, embedder: OpenAIEmbedder
) -> None:
    server.fail_next(Refuse(429, retry_after=SOON), Refuse(429, retry_after=SOON))
    server.fail_always(Refuse(429, retry_after="soon"))
    assert (await _failure(embedder)).retry_after_s is None


@pytest.mark.parametrize("never", ["inf", "1e999", "nan"])
async def test_a_time_that_never_comes_is_no_time_to_try_again(
    server: OpenAIStandIn, embedder: OpenAIEmbedder, never: str
) -> None:
    server.fail_always(Refuse(429, retry_after=never))
    assert (await _failure(embedder)).retry_after_s is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_request_that_will_never_do_is_refused_at_once(
    server: OpenAIStandIn, embedder: OpenAIEmbedder, status: int
) -> None:
    server.fail_always(Refuse(status))
    problem = await _failure(embedder)
    assert isinstance(problem, ModelRefused)
    assert f"HTTP {status}" in problem.message
    assert len(server.embeddings) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Refuse(500, retry_after=SOON), "HTTP 500"),
        (Malformed(b'{"data": ['), "malformed"),
        (Malformed(b'{"data": [{"index": 0, "embedding": "AAAA"}]}'), "malformed"),
        (Malformed(b"<html>Welcome</html>", "text/html"), "malformed"),
        (Malformed(b"null"), "malformed"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_unreachable(
    server: OpenAIStandIn, embedder: OpenAIEmbedder, fault: Fault, reason: str
) -> None:
    server.fail_always(fault)
    problem = await _failure(embedder)
    assert isinstance(problem, ModelUnreachable)
    assert reason in problem.message


async def test_an_answer_that_is_cut_off_is_unreachable(
    server: OpenAIStandIn, embedder: OpenAIEmbedder
) -> None:
    server.fail_always(CutOff(after_bytes=10))
    assert (await _failure(embedder)).code == "model_unreachable"


async def test_an_answer_that_takes_too_long_is_given_up(server: OpenAIStandIn) -> None:
    server.fail_always(Delay(1))
    async with _embedder(server.url, timeout_s=0.05) as embedder:
        assert "it took too long" in (await _failure(embedder)).message


async def test_an_answer_that_never_ends_is_given_up(server: OpenAIStandIn) -> None:
    server.fail_always(Endless(b" ", pace_s=0.01))
    async with _embedder(server.url, timeout_s=0.1) as embedder:
        assert "it took too long" in (await _failure(embedder)).message


async def test_an_answer_that_fills_the_memory_is_given_up(server: OpenAIStandIn) -> None:
    server.fail_always(Endless(b" " * 2**24))
    async with _embedder(server.url, timeout_s=60) as embedder:
        assert "its answer was too large" in (await _failure(embedder)).message


async def test_a_port_where_nobody_listens_has_no_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        async with _embedder(f"http://127.0.0.1:{unused.getsockname()[1]}/v1") as embedder:
            assert "no connection" in (await _failure(embedder)).message


async def test_a_problem_names_no_key_and_nothing_the_endpoint_said(server: OpenAIStandIn) -> None:
    server.fail_always(Refuse(401))
    async with _embedder(server.url, key="sk-secret") as embedder:
        body = (await _failure(embedder)).body().model_dump_json()
    assert "sk-secret" not in body
    assert "told to refuse" not in body


async def test_the_environment_adds_nothing_to_a_request(
    server: OpenAIStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "from-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: from-environment\nX-Team: lab")
    async with _embedder(server.url, key="sk-ours") as embedder:
        await embedder.embed_query("鋼")
    headers = server.embeddings[0].headers
    assert headers["authorization"] == "Bearer sk-ours"
    assert "from-environment" not in str(headers)
    assert "x-team" not in headers
