"""Keys as the gateway knows them: what they allow, remembered for half a second at most."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.access.recorded import LOCAL_OPERATOR
from service.callers import KeyCallers
from service.keys import KeyOrder, Keys, NewKey
from service.limits.persons import PersonLimits
from service.limits.spans import UNLIMITED, Limits
from service.problems import KeyInvalid
from service.records.database import Database, open_database

SECRET = b"a secret of the tests"


class _Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    async with open_database(database_url) as opened:
        yield opened


@pytest.fixture
def keys(database: Database) -> Keys:
    return Keys(database=database, secret=SECRET)


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def callers(keys: Keys, clock: _Clock) -> KeyCallers:
    return KeyCallers(keys=keys, database=keys.database, local_token="local", clock=clock)


async def made(
    keys: Keys, *, models: tuple[str, ...] = ("*",), limits: Limits = UNLIMITED
) -> NewKey:
    order = KeyOrder(
        name="k",
        principal_id="yamada",
        scopes=frozenset({"models"}),
        projects=[],
        models=models,
        limits=limits,
    )
    return await keys.create(order)


async def test_a_key_brings_its_models_and_limits_and_those_of_its_person(
    keys: Keys, callers: KeyCallers
) -> None:
    await PersonLimits(keys.database).set("yamada", Limits(yen_per_month=500))
    key = await made(keys, models=("bge-m3",), limits=Limits(streams=2))
    caller = await callers.caller(f"Bearer {key.key}")
    assert (caller.principal.id, caller.family) == ("yamada", key.info.id)
    assert caller.models == frozenset({"bge-m3"})
    assert not caller.may_call("gpt-oss-20b")
    assert (caller.limits, caller.person_limits) == (Limits(streams=2), Limits(yen_per_month=500))


async def test_a_successor_is_of_the_same_family(keys: Keys, callers: KeyCallers) -> None:
    former = await made(keys)
    key = await keys.rotate(former.info.id, overlap=timedelta(days=1))
    assert (await callers.caller(f"Bearer {key.key}")).family == former.info.id


async def test_a_revoked_key_is_refused_half_a_second_later(
    keys: Keys, callers: KeyCallers, clock: _Clock
) -> None:
    key = await made(keys)
    await callers.caller(f"Bearer {key.key}")
    await keys.revoke(key.info.id)
    clock.seconds = 0.49
    await callers.caller(f"Bearer {key.key}")
    clock.seconds = 0.51
    with pytest.raises(KeyInvalid):
        await callers.caller(f"Bearer {key.key}")


async def test_a_replaced_key_ends_with_the_overlap(keys: Keys, callers: KeyCallers) -> None:
    key = await made(keys)
    await keys.rotate(key.info.id, overlap=timedelta())
    with pytest.raises(KeyInvalid):
        await callers.caller(f"Bearer {key.key}")


async def test_the_overlap_makes_no_key_live_longer(keys: Keys) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    order = KeyOrder(
        name="k", principal_id="p", scopes=frozenset({"read"}), projects=[], expires_at=soon
    )
    key = await keys.create(order)
    new = await keys.rotate(key.info.id, overlap=timedelta(days=30))
    assert (await keys.find(key.info.id)).expires_at == new.info.expires_at == soon


async def test_the_local_operator_calls_every_model_without_limits(callers: KeyCallers) -> None:
    caller = await callers.caller("Bearer local")
    assert caller.principal == LOCAL_OPERATOR
    assert caller.may_call("anything")
    assert caller.limits == UNLIMITED


async def test_keys_themselves_are_not_remembered(keys: Keys, callers: KeyCallers) -> None:
    key = await made(keys)
    await callers.caller(f"Bearer {key.key}")
    assert key.key not in repr(callers)


headers = st.text(max_size=120) | st.binary(max_size=120).map(lambda raw: raw.decode("latin-1"))


def _almost_a_key(scheme: str, middle: str, end: str) -> str:
    return f"{scheme} fmk_{middle}_{end}"


keys_almost = st.builds(
    _almost_a_key,
    st.sampled_from(["Bearer", "bearer", "Basic", "Bearer  "]),
    st.text("0123456789abcdef", min_size=10, max_size=13),
    st.text("0123456789abcdef", min_size=60, max_size=66),
)


@given(st.none() | headers | headers.map("Bearer {}".format) | keys_almost)
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_header_arrives_is_refused_and_nothing_breaks(
    tmp_path: Path, header: str | None
) -> None:
    async def ask() -> None:
        async with open_database(f"sqlite:///{tmp_path / 'fuzz.db'}") as database:
            keys = Keys(database=database, secret=SECRET)
            callers = KeyCallers(keys=keys, database=database, local_token="local")
            with pytest.raises(KeyInvalid):
                await callers.caller(header)

    asyncio.run(ask())
