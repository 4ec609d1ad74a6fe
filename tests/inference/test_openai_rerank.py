"""A reranker at an endpoint; the wire format is vLLM 0.32's `/v1/rerank`, as a real one sent it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import AnyHttpUrl

from inference.openai_rerank import OpenAIRerank, open_openai_rerank
from inference.problems import ModelBusy, ModelRefused, ModelUnreachable
from inference.settings import RerankSettings
from tests.servers.openai import Delay, Malformed, OpenAIStandIn, Refuse, openai_stand_in
from tests.servers.vllm import reranked_by_length

TEXTS = ["steel", "the steel was quenched", "鋼"]


@asynccontextmanager
async def _scorer(server: OpenAIStandIn, timeout_s: float = 5.0) -> AsyncGenerator[OpenAIRerank]:
    settings = RerankSettings(
        base_url=AnyHttpUrl(server.url), model="stand-in", timeout_s=timeout_s
    )
    opened = open_openai_rerank(settings)
    try:
        yield opened
    finally:
        await opened.aclose()


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in(posts={"/v1/rerank": reranked_by_length}) as server:
        yield server


async def test_scores_come_back_in_the_order_of_the_texts(server: OpenAIStandIn) -> None:
    async with _scorer(server) as scorer:
        assert await scorer.scores("steel", TEXTS) == [5.0, 22.0, 1.0]


async def test_every_text_is_asked_about_in_one_request(server: OpenAIStandIn) -> None:
    async with _scorer(server) as scorer:
        await scorer.scores("焼入れ", TEXTS)
    asked: Mapping[str, Any] = server.received[0].json
    assert len(server.received) == 1
    assert (asked["query"], asked["documents"], asked["top_n"]) == ("焼入れ", TEXTS, 3)


async def test_no_texts_ask_nobody(server: OpenAIStandIn) -> None:
    async with _scorer(server) as scorer:
        assert await scorer.scores("steel", []) == []
    assert server.received == []


def _results(*results: tuple[str, str]) -> Malformed:
    body = ", ".join(f'{{"index": {at}, "relevance_score": {score}}}' for at, score in results)
    return Malformed(f'{{"results": [{body}]}}'.encode())


@pytest.mark.parametrize(
    "hostile",
    [
        _results(),
        _results(("0", "1")),
        _results(("0", "1"), ("0", "1")),
        _results(("0", "1"), ("2", "1")),
        _results(("-1", "1"), ("0", "1")),
        _results(("0", "1"), ("1", "1"), ("2", "1")),
        _results(("0", "NaN"), ("1", "1")),
        _results(("0", "1e400"), ("1", "1")),
        _results(("0", "null"), ("1", "1")),
        Malformed(b'{"results": null}'),
        Malformed(b"<html>Welcome</html>", "text/html"),
    ],
)
async def test_anything_but_one_score_for_each_text_is_refused(
    server: OpenAIStandIn, hostile: Malformed
) -> None:
    server.fail_always(hostile)
    async with _scorer(server) as scorer:
        with pytest.raises(ModelUnreachable):
            await scorer.scores("steel", ["steel", "鋼"])


async def test_a_busy_reranker_says_when_to_come_back(server: OpenAIStandIn) -> None:
    server.fail_always(Refuse(429, retry_after="300"))
    async with _scorer(server) as scorer:
        with pytest.raises(ModelBusy) as busy:
            await scorer.scores("steel", TEXTS)
    assert busy.value.retry_after_s == 300.0


async def test_an_endpoint_without_reranking_refuses() -> None:
    async with openai_stand_in() as plain, _scorer(plain) as scorer:
        with pytest.raises(ModelRefused, match="HTTP 404"):
            await scorer.scores("steel", TEXTS)


async def test_one_that_takes_too_long_is_given_up(server: OpenAIStandIn) -> None:
    server.fail_always(Delay(1))
    async with _scorer(server, timeout_s=0.05) as scorer:
        with pytest.raises(ModelUnreachable, match="too long"):
            await scorer.scores("steel", TEXTS)
