"""What the gateway takes, what it refuses, and how it says so."""

from collections.abc import AsyncGenerator, Mapping

import pytest

from tests.inference.gateway.house import House, Model, gateway
from tests.servers.openai import OpenAIStandIn, Refuse, openai_stand_in

ASKED = {"model": "qwen", "messages": [{"role": "user", "content": "何ですか"}]}
CHAT = "/v1/chat/completions"


@pytest.fixture
async def server() -> AsyncGenerator[OpenAIStandIn]:
    async with openai_stand_in("はい。") as opened:
        yield opened


@pytest.fixture
async def house(server: OpenAIStandIn) -> AsyncGenerator[House]:
    root = server.url.removesuffix("/v1")
    async with gateway(
        Model(replicas=[root]), Model(id="bge-m3", task="embedding", replicas=[root]), most=3
    ) as opened:
        yield opened


async def refusal(
    house: House, body: object, *, path: str = CHAT, key: str | None = "yamada"
) -> tuple[int, str]:
    async with house.http(key) as client:
        answer = await client.post(path, json=body)
    return answer.status_code, answer.json()["error"]["code"]


async def test_a_request_without_a_valid_key_is_refused(house: House) -> None:
    assert await refusal(house, ASKED, key=None) == (401, "key_invalid")
    assert await refusal(house, ASKED, key="wrong") == (401, "key_invalid")


async def test_a_key_that_is_not_for_models_is_refused(house: House) -> None:
    assert await refusal(house, ASKED, key="reader") == (403, "scope_missing")


async def test_near_names_of_an_unknown_model_are_told(house: House) -> None:
    async with house.http() as client:
        answer = await client.post(CHAT, json={**ASKED, "model": "qwen2"})
    assert answer.status_code == 404
    assert "'qwen'" in answer.json()["error"]["message"]


async def test_a_model_is_not_asked_for_what_it_is_not_made_for(house: House) -> None:
    assert await refusal(house, {**ASKED, "model": "bge-m3"}) == (400, "model_unfit")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"guided_json": {}}, "field_refused"),
        ({"n": 17}, "field_refused"),
        ({"stream": "yes"}, "field_refused"),
        ({"model": ""}, "request_unreadable"),
        ({"model": 7}, "field_refused"),
    ],
)
async def test_a_field_that_no_model_is_to_see_is_refused(
    house: House, changed: Mapping[str, object], code: str
) -> None:
    assert await refusal(house, {**ASKED, **changed}) == (400, code)


async def test_what_clients_send_to_every_server_is_left_out(
    house: House, server: OpenAIStandIn
) -> None:
    async with house.http() as client:
        answer = await client.post(CHAT, json={**ASKED, "user": "someone", "store": False})
    assert answer.status_code == 200
    assert server.chats[0].json.keys() == {"model", "messages", "cache_salt"}


async def test_a_picture_is_taken_with_the_request_and_never_fetched(
    house: House, server: OpenAIStandIn
) -> None:
    def with_picture(url: str) -> dict[str, object]:
        part = {"type": "image_url", "image_url": {"url": url}}
        return {**ASKED, "messages": [{"role": "user", "content": [part]}]}

    refused = await refusal(house, with_picture("http://169.254.169.254/latest"))
    assert refused == (400, "field_refused")
    assert server.chats == []


async def test_nothing_of_the_caller_reaches_the_model_server(
    house: House, server: OpenAIStandIn
) -> None:
    async with house.http() as client:
        await client.post(CHAT, json=ASKED, headers={"cookie": "a=b", "x-request-id": "abcdef12"})
    [request] = server.chats
    assert request.headers["x-request-id"] == "abcdef12"
    assert request.headers.keys().isdisjoint({"authorization", "cookie", "user-agent"})
    assert "yamada" not in request.body.decode()


async def test_prompts_of_two_persons_share_no_cache(house: House, server: OpenAIStandIn) -> None:
    async with house.http() as client:
        for _ in range(2):
            await client.post(CHAT, json=ASKED)
    salts = {request.json["cache_salt"] for request in server.chats}
    assert len(salts) == 1
    assert salts.pop().isalnum()


async def test_who_is_over_a_limit_is_told_when_to_come_back(house: House) -> None:
    house.account.most = 0
    async with house.http() as client:
        answer = await client.post(CHAT, json=ASKED)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


async def test_limits_stand_in_every_answer(house: House) -> None:
    async with house.http() as client:
        answer = await client.post(CHAT, json=ASKED)
    assert answer.headers["x-ratelimit-remaining-requests"] == "9"
    assert answer.headers["x-fumikura-model"] == "qwen"


async def test_what_the_model_server_finds_wrong_with_a_request_is_passed_on(
    house: House, server: OpenAIStandIn
) -> None:
    server.fail_next(Refuse(400))
    async with house.http() as client:
        answer = await client.post(CHAT, json=ASKED)
    assert answer.status_code == 400
    assert "told to refuse" in answer.text
    [ended] = house.account.ended
    assert (ended.outcome, ended.status, ended.used.tokens) == ("failed", 400, 0)


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_what_is_wrong_with_the_model_server_is_not_shown(
    house: House, server: OpenAIStandIn, status: int
) -> None:
    server.fail_always(Refuse(status))
    assert await refusal(house, ASKED) == (503, "runtime_refused")


@pytest.mark.parametrize("path", ["/v1/models/nothing", "/v1/chat", "/", "/v1/files"])
async def test_what_is_not_served_is_not_there(house: House, path: str) -> None:
    async with house.http() as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] in {"model_not_found", "route_unknown"}


async def test_embeddings_are_counted(house: House) -> None:
    async with house.client() as client:
        answer = await client.embeddings.create(model="bge-m3", input=["溶体化処理", "aging"])
    assert len(answer.data) == 2
    assert house.account.ended[0].used.prompt_tokens == answer.usage.prompt_tokens > 0


async def test_of_a_stranger_no_large_body_is_read(house: House) -> None:
    async with house.http(key="nobody") as client:
        told = await client.post("/v1/chat/completions", content=b" " * 5_000_000)
    assert (told.status_code, told.json()["error"]["code"]) == (401, "key_invalid")
