"""Linked accounts in both databases: checked, sealed, bound to their owner, forgotten."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from connectors.rdm.models import Account
from connectors.rdm.problems import RdmTokenRefused
from connectors.rdm.settings import InstanceName
from contracts.principal import ALL_SCOPES
from service.access.links import Links, subject_of
from service.access.recorded import LOCAL_OPERATOR
from service.access.token_vault import TokenVault
from service.keys import KeyOrder, Keys
from service.problems import LinkNeedsKey, LinkUnknown, LinkUnreadable, TokenKeysMissing
from service.records.database import Database
from service.records.links import LinkRecords, key_subject, source_subject

OLD, NEW = b"o" * 32, b"n" * 32
TOKEN = SecretStr("a-token-of-aoki")
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOURCE = source_subject("rdm-abc12")


@dataclass
class _Instance:
    """Knows some tokens; says whose they are."""

    owners: dict[str, str] = field(
        default_factory=lambda: {TOKEN.get_secret_value(): "u1aok", "a-token-of-sato": "u2sat"}
    )
    asked: int = 0

    async def __call__(self, instance: InstanceName, token: SecretStr) -> Account:
        self.asked += 1
        owner = self.owners.get(token.get_secret_value())
        if owner is None:
            raise RdmTokenRefused(instance)
        return Account(user_id=owner, full_name=f"青木 {owner}")


@pytest.fixture
def instance() -> _Instance:
    return _Instance()


@pytest.fixture
def links(database: Database, instance: _Instance) -> Links:
    return Links(
        records=LinkRecords(database),
        vault=TokenVault([OLD]),
        ask_account=instance,
        now=lambda: START,
    )


async def _key(database: Database, expires_at: datetime | None = None) -> str:
    """Make a key and return its id."""
    order = KeyOrder(
        name="a", principal_id="aoki", scopes=ALL_SCOPES, projects=["*"], expires_at=expires_at
    )
    return (await Keys(database=database, secret=b"s" * 32).create(order)).info.id


async def test_a_link_says_whose_account_it_is_and_keeps_the_token(links: Links) -> None:
    made = await links.link(SOURCE, "rdm", TOKEN)
    assert (made.user_id, made.user_name, made.linked_at) == ("u1aok", "青木 u1aok", START)
    assert await links.find(SOURCE, "rdm") == made
    assert await links.list_of(SOURCE) == [made]
    assert await links.token(SOURCE, "rdm") == TOKEN


async def test_a_refused_token_is_not_kept_and_the_former_stays(links: Links) -> None:
    await links.link(SOURCE, "rdm", TOKEN)
    with pytest.raises(RdmTokenRefused):
        await links.link(SOURCE, "rdm", SecretStr("nobody's"))
    assert await links.token(SOURCE, "rdm") == TOKEN


async def test_a_new_token_takes_the_place_of_the_former(links: Links) -> None:
    await links.link(SOURCE, "rdm", TOKEN)
    await links.link(SOURCE, "rdm", SecretStr("a-token-of-sato"))
    assert [each.user_id for each in await links.list_of(SOURCE)] == ["u2sat"]


async def test_each_instance_has_a_link_of_its_own(links: Links) -> None:
    await links.link(SOURCE, "rdm", TOKEN)
    assert await links.find(SOURCE, "osf") is None
    await links.link(SOURCE, "osf", TOKEN)
    await links.unlink(SOURCE, "rdm")
    assert [each.instance for each in await links.list_of(SOURCE)] == ["osf"]


async def test_what_is_unlinked_is_gone_and_not_unlinked_twice(links: Links) -> None:
    await links.link(SOURCE, "rdm", TOKEN)
    await links.unlink(SOURCE, "rdm")
    assert await links.token(SOURCE, "rdm") is None
    with pytest.raises(LinkUnknown):
        await links.unlink(SOURCE, "rdm")


async def test_without_a_key_to_seal_with_nobody_is_asked(
    links: Links, instance: _Instance
) -> None:
    with pytest.raises(TokenKeysMissing):
        await replace(links, vault=TokenVault()).link(SOURCE, "rdm", TOKEN)
    assert instance.asked == 0


async def test_the_database_holds_no_token(links: Links, database: Database) -> None:
    await links.link(SOURCE, "rdm", TOKEN)
    async with database.read() as session:
        rows = (await session.execute(text("SELECT * FROM linked_tokens"))).all()
    assert len(rows) == 1
    assert TOKEN.get_secret_value() not in repr(rows)
    assert TOKEN.get_secret_value() not in repr(await links.list_of(SOURCE))


async def test_a_seal_that_was_moved_to_another_subject_does_not_open(links: Links) -> None:
    await links.link(SOURCE, "rdm", TOKEN)
    [own] = await links.records.list_of(SOURCE)
    await links.records.save(replace(own, subject="key:0123456789ab"))
    with pytest.raises(LinkUnreadable):
        await links.token("key:0123456789ab", "rdm")


async def test_rotation_seals_all_anew_so_that_the_old_key_can_go(links: Links) -> None:
    await links.link(SOURCE, "rdm", TOKEN)
    await links.link(SOURCE, "osf", TOKEN)
    both = replace(links, vault=TokenVault([NEW, OLD]))
    assert await both.rotate() == 2
    assert await both.rotate() == 0
    assert await replace(links, vault=TokenVault([NEW])).token(SOURCE, "osf") == TOKEN
    with pytest.raises(LinkUnreadable):
        await links.token(SOURCE, "rdm")


async def test_a_link_made_anew_during_a_rotation_stays_as_it_is(links: Links) -> None:
    await links.link(SOURCE, "rdm", TOKEN)
    [former] = await links.records.list_all()
    await links.link(SOURCE, "rdm", SecretStr("a-token-of-sato"))
    assert not await links.records.reseal(former, ciphertext=b"x", sealed_with="y")
    assert await links.token(SOURCE, "rdm") == SecretStr("a-token-of-sato")


async def test_links_go_with_a_revoked_key_and_those_of_others_stay(
    links: Links, database: Database
) -> None:
    mine, other = await _key(database), await _key(database)
    for key_id in (mine, other):
        await links.link(key_subject(key_id), "rdm", TOKEN)
    await Keys(database=database, secret=b"s" * 32).revoke(mine)
    left = [each.subject for each in await links.records.list_all()]
    assert left == [key_subject(other)]


async def test_links_of_keys_that_expired_or_are_not_there_are_swept_out(
    links: Links, database: Database
) -> None:
    now = datetime.now(UTC)
    expired = await _key(database, now - timedelta(seconds=1))
    valid = [await _key(database, now + timedelta(days=1)), await _key(database)]
    for key_id in (expired, *valid, "0123456789ab"):
        await links.link(key_subject(key_id), "rdm", TOKEN)
    await links.link(SOURCE, "rdm", TOKEN)
    await links.rotate()
    left = {each.subject for each in await links.records.list_all()}
    assert left == {SOURCE, *map(key_subject, valid)}


def test_only_a_key_has_links() -> None:
    holder = LOCAL_OPERATOR.model_copy(update={"key_id": "0123456789ab"})
    assert subject_of(holder) == key_subject("0123456789ab")
    with pytest.raises(LinkNeedsKey):
        subject_of(LOCAL_OPERATOR)
