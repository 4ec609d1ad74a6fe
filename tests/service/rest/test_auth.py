"""Who is let in: holders of valid keys, and whoever may read the data folder."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta

import pytest

from service.access.recorded import LOCAL_OPERATOR
from service.problems import KeyInvalid
from service.rest.app import create_app
from service.rest.auth import authenticator
from tests.service.rest.world import LOCAL_TOKEN, World, client_of

PATH = "/v1/projects"


async def _status(world: World, headers: dict[str, str]) -> int:
    async with world.client(None) as client:
        return (await client.get(PATH, headers=headers)).status_code


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {}"])
async def test_a_key_is_sent_as_a_bearer(world: World, form: str) -> None:
    made = await world.key("read")
    assert await _status(world, {"authorization": form.format(made.key)}) == 200


async def test_a_key_may_be_sent_as_x_api_key(world: World) -> None:
    made = await world.key("read")
    assert await _status(world, {"x-api-key": made.key}) == 200


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic fmk_0", "fmk_0", "Bearer fmk_0_0", b"Bearer \xe9\xff"],
)
async def test_all_else_is_refused_alike(world: World, authorization: str | bytes) -> None:
    async with world.client(None) as client:
        answer = await client.get(PATH, headers=[(b"authorization", _raw(authorization))])
    assert (answer.status_code, answer.json()["code"]) == (401, "key_invalid")


def _raw(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


async def test_a_revoked_key_is_refused_from_the_next_request_on(world: World) -> None:
    made = await world.key("read")
    async with world.client(made.key) as client:
        before = await client.get(PATH)
        await world.resources.records.keys.revoke(made.info.id)
        after = await client.get(PATH)
    assert (before.status_code, after.status_code) == (200, 401)


async def test_an_expired_key_is_refused(world: World) -> None:
    made = await world.key("read", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await _status(world, {"x-api-key": made.key}) == 401


async def test_the_local_token_stands_for_the_operator(world: World) -> None:
    authenticate = authenticator(world.resources.records.keys, local_token=LOCAL_TOKEN)
    assert await authenticate(f"Bearer {LOCAL_TOKEN}") == LOCAL_OPERATOR
    for wrong in (None, "", "Bearer", f"Bearer {LOCAL_TOKEN}x", "Bearer \u3042"):
        with pytest.raises(KeyInvalid):
            await authenticate(wrong)


@pytest.mark.parametrize("secret", ["None", "", LOCAL_TOKEN])
async def test_without_a_local_token_nothing_stands_for_the_operator(
    world: World, secret: str
) -> None:
    async with client_of(create_app(world.resources), secret) as client:
        assert (await client.get(PATH)).status_code == 401


async def test_a_key_is_checked_before_the_body_is_read(world: World) -> None:
    sent: list[int] = []

    async def body() -> AsyncGenerator[bytes]:
        for number in range(100):
            sent.append(number)
            yield b" " * 1024

    async with world.client("fmk_nobody") as client:
        answer = await client.post("/v1/search", content=body())
    assert answer.status_code == 401
    assert len(sent) <= 3, "a few pieces wait at the door; the rest is left with the client"
