"""A model that is being started: callers are held, and none is lost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from inference.gateway.pool import Patience
from tests.inference.gateway.house import House, Model, free_port, gateway
from tests.servers.loopback import Exchange, Received, serve_loopback
from tests.servers.openai import OpenAIStandIn, Refuse, openai_stand_in

ASKED = {"model": "qwen", "messages": [{"role": "user", "content": "何ですか"}]}
CHAT = "/v1/chat/completions"


@asynccontextmanager
async def started_late(server: OpenAIStandIn, port: int) -> AsyncGenerator[None]:
    """Serve at `port` what the stand-in says, and `/health`."""

    async def handle(request: Received, exchange: Exchange) -> None:
        if request.path == "/health":
            await exchange.answer(200, {}, b"")
        else:
            await server.handle(request, exchange)

    async with serve_loopback(handle, port=port):
        yield


async def ask(house: House, *, stream: bool) -> tuple[int, str]:
    async with house.http() as client:
        answer = await client.post(CHAT, json={**ASKED, "stream": stream})
        return answer.status_code, answer.text


async def held(house: House, number: int) -> None:
    while house.pools["qwen"].held < number:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.01)


async def test_none_of_fifty_callers_fails_while_a_model_goes_from_zero_to_ready() -> None:
    port = free_port()
    model = Model(replicas=[f"http://127.0.0.1:{port}"])
    async with openai_stand_in("はい。") as server, gateway(model) as house:
        asking = [asyncio.create_task(ask(house, stream=bool(n % 2))) for n in range(50)]
        await held(house, 50)
        async with started_late(server, port):
            answers = await asyncio.gather(*asking)
    assert {status for status, _ in answers} == {200}
    assert [ended.outcome for ended in house.account.ended] == ["ok"] * 50


async def test_a_server_that_knows_no_health_is_ready_when_it_tells_its_models() -> None:
    port = free_port()
    model = Model(replicas=[f"http://127.0.0.1:{port}"])
    async with openai_stand_in("はい。") as server, gateway(model) as house:
        asking = asyncio.create_task(ask(house, stream=False))
        await held(house, 1)
        async with serve_loopback(server.handle, port=port):
            assert (await asking)[0] == 200


async def test_who_reads_a_stream_is_told_that_the_model_is_being_started() -> None:
    port = free_port()
    patience = Patience(hold_s=30.0, probe_every_s=0.02, tell_every_s=0.02)
    model = Model(replicas=[f"http://127.0.0.1:{port}"], patience=patience)
    async with (
        openai_stand_in("はい。") as server,
        gateway(model) as house,
        house.client() as client,
    ):
        stream = await client.chat.completions.create(
            model="qwen", messages=[{"role": "user", "content": "何ですか"}], stream=True
        )  # the head of the answer is there, so somebody was told
        async with started_late(server, port):
            chunks = [chunk async for chunk in stream]
    assert "".join(each.choices[0].delta.content or "" for each in chunks) == "はい。"


async def test_who_waits_too_long_is_told_to_come_back() -> None:
    patience = Patience(hold_s=0.05, probe_every_s=0.02, start_s=90.0)
    model = Model(replicas=[f"http://127.0.0.1:{free_port()}"], patience=patience)
    async with gateway(model) as house, house.http() as client:
        answer = await client.post(CHAT, json=ASKED)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "90")
    assert answer.json()["error"]["code"] == "model_warming"


async def test_no_more_are_held_than_there_are_places() -> None:
    patience = Patience(hold_s=30.0, most_held=1)
    model = Model(replicas=[f"http://127.0.0.1:{free_port()}"], patience=patience)
    async with gateway(model) as house:
        waiting = asyncio.create_task(ask(house, stream=False))
        await held(house, 1)
        status, text = await ask(house, stream=False)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert (status, "model_warming" in text) == (503, True)


async def test_a_replica_that_comes_back_is_asked_again() -> None:
    port = free_port()
    model = Model(replicas=[f"http://127.0.0.1:{port}"])
    async with openai_stand_in("はい。") as server, gateway(model) as house:
        async with started_late(server, port):
            assert (await ask(house, stream=False))[0] == 200
        asking = asyncio.create_task(ask(house, stream=False))
        await held(house, 1)
        async with started_late(server, port):
            assert (await asking)[0] == 200


async def test_an_error_after_the_start_of_a_model_is_an_event_of_the_stream() -> None:
    port = free_port()
    patience = Patience(hold_s=30.0, probe_every_s=0.02, tell_every_s=0.02)
    model = Model(replicas=[f"http://127.0.0.1:{port}"], patience=patience)
    async with openai_stand_in("はい。") as server, gateway(model) as house:
        server.fail_always(Refuse(400))
        asking = asyncio.create_task(ask(house, stream=True))
        await held(house, 1)
        await asyncio.sleep(0.1)
        async with started_late(server, port):
            status, text = await asking
    assert status == 200
    *_, last = text.strip().split("\n\n")
    assert last.startswith('data: {"error"')
