"""API keys in both databases: shown once, kept as a hash, refused as soon as they should be."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from contracts.principal import Principal
from service.keys import EVERY_PROJECT, KeyOrder, Keys
from service.problems import KeyEnded, KeyInvalid, KeyUnknown
from service.records.database import Database
from service.records.models import KeyRow

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
ORDER = KeyOrder(
    name="山田",
    principal_id="yamada",
    scopes=frozenset({"read", "agents"}),
    projects=["alloy"],
    expires_at=START + timedelta(days=1),
)


@dataclass
class _Clock:
    """Stands still until it is set."""

    time: datetime = field(default=START)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def keys(database: Database, clock: _Clock) -> Keys:
    return Keys(database=database, secret=b"s" * 32, now=clock)


async def test_a_key_names_its_holder(keys: Keys) -> None:
    made = await keys.create(ORDER)
    assert await keys.verify(made.key) == Principal(
        id="yamada", name="山田", scopes=frozenset({"read", "agents"}), key_id=made.info.id
    )


async def test_a_key_starts_with_its_id_and_is_long_and_new_each_time(keys: Keys) -> None:
    made = [(await keys.create(ORDER)) for _ in range(3)]
    assert all(each.key.startswith(f"fmk_{each.info.id}_") for each in made)
    secrets = {each.key.rpartition("_")[2] for each in made}
    assert {len(secret) for secret in secrets} == {64}
    assert len(secrets) == 3


async def test_the_database_holds_only_a_hash_under_a_secret(
    keys: Keys, database: Database
) -> None:
    made = await keys.create(ORDER)
    async with database.read() as session:
        row = dict((await session.execute(text("SELECT * FROM api_keys"))).mappings().one())
        kept = (await session.scalars(select(KeyRow.key_hash))).one()
    assert made.key.rpartition("_")[2] not in str(row)
    assert len(kept) == 64
    with pytest.raises(KeyInvalid):
        await replace(keys, secret=b"t" * 32).verify(made.key)


async def test_a_key_works_until_it_expires(keys: Keys, clock: _Clock) -> None:
    made = await keys.create(ORDER)
    clock.time = START + timedelta(days=1, seconds=-1)
    await keys.verify(made.key)
    clock.time = START + timedelta(days=1)
    with pytest.raises(KeyInvalid):
        await keys.verify(made.key)
    assert await keys.granted_projects(made.info.id) == frozenset()


async def test_a_revoked_key_is_refused_at_once_and_sees_nothing(keys: Keys, clock: _Clock) -> None:
    made = await keys.create(ORDER)
    await keys.revoke(made.info.id)
    with pytest.raises(KeyInvalid):
        await keys.verify(made.key)
    assert await keys.granted_projects(made.info.id) == frozenset()
    clock.time = START + timedelta(hours=1)
    assert (await keys.revoke(made.info.id)).revoked_at == START, "the first time is kept"


async def test_a_key_with_one_sign_changed_is_refused(keys: Keys) -> None:
    made = await keys.create(ORDER)
    last = "0" if made.key[-1] != "0" else "1"
    for wrong in (made.key[:-1] + last, made.key + "0", made.key[:-1], made.key.upper()):
        with pytest.raises(KeyInvalid):
            await keys.verify(wrong)


@pytest.mark.parametrize(
    "wrong", ["", "fmk_", "fmk_' OR 1=1", "fmk_0123456789ab_" + "0" * 64, "fmk_\x00_", "\ud800"]
)
async def test_what_was_never_a_key_is_refused_alike(keys: Keys, wrong: str) -> None:
    with pytest.raises(KeyInvalid) as caught:
        await keys.verify(wrong)
    assert caught.value.body() == KeyInvalid().body()


async def test_the_last_use_is_noted_to_the_minute(keys: Keys, clock: _Clock) -> None:
    made = await keys.create(ORDER)
    assert made.info.last_used_at is None
    for seconds, noted in ((1, 1), (59, 1), (61, 61)):
        clock.time = START + timedelta(seconds=seconds)
        await keys.verify(made.key)
        last = (await keys.find(made.info.id)).last_used_at
        assert last == START + timedelta(seconds=noted)


async def test_a_refused_key_is_not_noted_as_used(keys: Keys) -> None:
    made = await keys.create(ORDER)
    await keys.revoke(made.info.id)
    with pytest.raises(KeyInvalid):
        await keys.verify(made.key)
    assert (await keys.find(made.info.id)).last_used_at is None


async def test_keys_are_listed_newest_first_and_counted(keys: Keys, clock: _Clock) -> None:
    assert await keys.count() == 0
    older = await keys.create(ORDER)
    clock.time = START + timedelta(seconds=1)
    newer = await keys.create(replace(ORDER, projects=[EVERY_PROJECT], expires_at=None))
    await keys.revoke(older.info.id)
    assert [each.id for each in await keys.list_all()] == [newer.info.id, older.info.id]
    assert await keys.count() == 2
    assert await keys.granted_projects(newer.info.id) == {EVERY_PROJECT}


async def test_an_unknown_key_cannot_be_looked_up_or_revoked(keys: Keys) -> None:
    for ask in (keys.find, keys.revoke):
        with pytest.raises(KeyUnknown):
            await ask("0123456789ab")
    assert await keys.granted_projects("0123456789ab") == frozenset()


async def test_a_key_that_is_just_being_revoked_has_no_successor(
    keys: Keys, database: Database
) -> None:
    made = await keys.create(ORDER)
    async with database.write() as session:
        row = await session.get_one(KeyRow, made.info.id)
        row.revoked_at = START
        await session.flush()
        rotating = asyncio.create_task(keys.rotate(made.info.id, overlap=timedelta(days=1)))
        await asyncio.sleep(0.2)
    with pytest.raises(KeyEnded):
        await rotating
    assert await keys.count() == 1
