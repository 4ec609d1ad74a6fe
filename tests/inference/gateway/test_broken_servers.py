"""Model servers that fail: another one answers, or the caller is told, and the call is counted."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.inference.gateway.house import House, Model, gateway
from tests.servers.loopback import Exchange, HungUp, Received, serve_loopback
from tests.servers.openai import CutOff, Delay, OpenAIStandIn, Refuse, openai_stand_in

ASKED = {"model": "qwen", "messages": [{"role": "user", "content": "何ですか"}]}
STREAMED = {**ASKED, "stream": True}
CHAT = "/v1/chat/completions"
NOBODY = "http://127.0.0.1:9"


def root_of(server: OpenAIStandIn) -> str:
    return server.url.removesuffix("/v1")


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in("はい。", piece=1) as opened:
        yield opened


async def post(house: House, body: object) -> tuple[int, str]:
    async with house.http() as client:
        answer = await client.post(CHAT, json=body)
    return answer.status_code, answer.text


async def test_another_replica_answers_for_one_that_is_away(server: OpenAIStandIn) -> None:
    async with gateway(Model(replicas=[NOBODY, root_of(server)])) as house:
        answers = [await post(house, ASKED) for _ in range(8)]
    assert {status for status, _ in answers} == {200}
    assert [ended.outcome for ended in house.account.ended] == ["ok"] * 8


async def test_another_replica_answers_for_one_that_says_not_now(server: OpenAIStandIn) -> None:
    async with openai_stand_in("busy") as busy:
        busy.fail_always(Refuse(503, retry_after="7"))
        async with gateway(Model(replicas=[root_of(busy), root_of(server)])) as house:
            answers = [await post(house, ASKED) for _ in range(8)]
    assert {status for status, _ in answers} == {200}


async def test_where_all_say_not_now_the_caller_is_told_when_to_come_back() -> None:
    async with openai_stand_in("busy") as busy:
        busy.fail_always(Refuse(503, retry_after="7"))
        async with gateway(Model(replicas=[root_of(busy)])) as house, house.http() as client:
            answer = await client.post(CHAT, json=ASKED)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert answer.json()["error"]["code"] == "model_away"


async def test_an_answer_that_ends_at_any_byte_is_told_and_counted_once(
    server: OpenAIStandIn,
) -> None:
    async with gateway(Model(replicas=[root_of(server)])) as house:
        _, whole = await post(house, ASKED)
        for cut_at in range(0, len(whole.encode()), 7):
            server.fail_next(CutOff(after_bytes=cut_at))
            status, text = await post(house, ASKED)
            assert (status, "answer_broke_off" in text) == (503, True)
    outcomes = [ended.outcome for ended in await house.account.all_ended()]
    assert outcomes == ["ok"] + ["failed"] * (len(outcomes) - 1)


async def test_a_stream_that_ends_at_any_byte_says_so_in_its_last_event(
    server: OpenAIStandIn,
) -> None:
    async with gateway(Model(replicas=[root_of(server)])) as house:
        _, whole = await post(house, STREAMED)
        for cut_at in range(0, len(whole.encode()), 41):
            server.fail_next(CutOff(after_bytes=cut_at))
            status, text = await post(house, STREAMED)
            assert status == 200
            assert '"answer_broke_off"' in text.rstrip("\n").rpartition("\n\n")[2]
            assert "[DONE]" not in text
    outcomes = [ended.outcome for ended in await house.account.all_ended()]
    assert outcomes == ["ok"] + ["failed"] * (len(outcomes) - 1)


async def test_who_hangs_up_makes_the_model_server_stop(server: OpenAIStandIn) -> None:
    server.pace_s = 0.05
    server.script = lambda _: "長" * 1_000
    async with gateway(Model(replicas=[root_of(server)])) as house, house.http() as client:
        async with client.stream("POST", CHAT, json=STREAMED) as answer:
            async for _ in answer.aiter_bytes():
                break
        await asyncio.wait_for(server.hung_up.wait(), 30)
        [ended] = await house.account.all_ended()
    assert (ended.outcome, ended.status) == ("left", 499)
    assert 0 < ended.used.completion_tokens < 1_000


async def test_who_hangs_up_before_the_answer_is_counted_too(server: OpenAIStandIn) -> None:
    server.fail_always(Delay(60))
    async with gateway(Model(replicas=[root_of(server)])) as house, house.http() as client:
        asking = asyncio.create_task(client.post(CHAT, json=ASKED))
        while not server.chats:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        asking.cancel()
        [ended] = await house.account.all_ended()
    assert ended.outcome == "left"


async def test_a_model_that_takes_too_long_is_given_up(server: OpenAIStandIn) -> None:
    server.fail_always(Delay(60))
    async with gateway(Model(replicas=[root_of(server)])) as house, house.http() as client:
        waiting = {"x-fumikura-timeout-s": "0.1"}
        answer = await client.post(CHAT, json=ASKED, headers=waiting)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "deadline_passed")
    assert house.account.ended[0].outcome == "failed"


async def test_another_model_answers_only_for_who_lets_it(server: OpenAIStandIn) -> None:
    away = Model(id="large", replicas=[], fallbacks=["qwen"])
    async with gateway(away, Model(replicas=[root_of(server)])) as house, house.http() as client:
        large = {**ASKED, "model": "large"}
        refused = await client.post(CHAT, json=large)
        allowed = await client.post(CHAT, json=large, headers={"x-fumikura-fallback": "allow"})
    assert refused.json()["error"]["code"] == "model_away"
    assert (allowed.status_code, allowed.headers["x-fumikura-model"]) == (200, "qwen")
    assert [ended.model for ended in house.account.ended] == ["large", "qwen"]


async def test_of_several_models_the_first_that_is_named_answers(server: OpenAIStandIn) -> None:
    others = [Model(id=name, replicas=[root_of(server)]) for name in ("a", "z")]
    away = Model(id="large", replicas=[], fallbacks=["z", "a"])
    async with gateway(away, *others) as house, house.http() as client:
        headers = {"x-fumikura-fallback": "allow"}
        answer = await client.post(CHAT, json={**ASKED, "model": "large"}, headers=headers)
    assert answer.headers["x-fumikura-model"] == "z"


async def test_an_answer_that_leads_elsewhere_is_not_followed(server: OpenAIStandIn) -> None:
    async def lead_on(_: Received, exchange: Exchange) -> None:
        await exchange.answer(307, {"location": f"{root_of(server)}{CHAT}"}, b"")

    async with serve_loopback(lead_on) as elsewhere, gateway(Model(replicas=[elsewhere])) as house:
        status, text = await post(house, ASKED)
    assert (status, "runtime_refused" in text) == (503, True)
    assert server.chats == []


async def test_an_event_without_an_end_is_given_up() -> None:
    async def talk_on(_: Received, exchange: Exchange) -> None:
        await exchange.start(200, {"content-type": "text/event-stream"})
        while True:
            try:
                await exchange.send(b"x" * 2**20)
            except HungUp:
                return

    async with serve_loopback(talk_on) as server, gateway(Model(replicas=[server])) as house:
        status, text = await post(house, STREAMED)
    assert (status, "answer_broke_off" in text) == (200, True)
