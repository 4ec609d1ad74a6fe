"""Sealed tokens open with the right key, for the one they were sealed for, and unchanged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from service.access.token_vault import SealedToken, TokenVault, key_id
from service.problems import LinkUnreadable, TokenKeysMissing

OLD, NEW = b"o" * 32, b"n" * 32
TOKEN = SecretStr("トークン-that-reads-abc12")
OWNER = ("key:0123456789ab", "rdm")


def test_a_token_is_opened_for_the_one_it_was_sealed_for() -> None:
    vault = TokenVault([OLD])
    assert vault.open(vault.seal(TOKEN, owner=OWNER), owner=OWNER) == TOKEN


def test_the_keys_are_not_shown() -> None:
    assert "ooo" not in repr(TokenVault([OLD]))


@pytest.mark.parametrize(
    "other", [("key:ba9876543210", "rdm"), ("key:0123456789ab", "osf"), ("key:0123456789abrdm",)]
)
def test_a_sealed_token_is_of_no_use_to_another(other: tuple[str, ...]) -> None:
    vault = TokenVault([OLD])
    sealed = vault.seal(TOKEN, owner=OWNER)
    with pytest.raises(LinkUnreadable):
        vault.open(sealed, owner=other)


@settings(max_examples=60)
@given(st.data())
def test_a_changed_seal_does_not_open(data: st.DataObject) -> None:
    vault = TokenVault([OLD])
    sealed = vault.seal(TOKEN, owner=OWNER)
    place = data.draw(st.integers(0, len(sealed.ciphertext) - 1))
    changed = bytearray(sealed.ciphertext)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(LinkUnreadable):
        vault.open(SealedToken(sealed.sealed_with, bytes(changed)), owner=OWNER)


@given(st.binary(max_size=40))
def test_what_is_no_seal_does_not_open(ciphertext: bytes) -> None:
    with pytest.raises(LinkUnreadable):
        TokenVault([OLD]).open(SealedToken(key_id(OLD), ciphertext), owner=OWNER)


def test_the_same_token_is_sealed_differently_each_time_and_not_shown() -> None:
    sealed = [TokenVault([OLD]).seal(TOKEN, owner=OWNER) for _ in range(3)]
    assert len({each.ciphertext for each in sealed}) == 3
    assert not any(TOKEN.get_secret_value().encode() in each.ciphertext for each in sealed)


def test_the_first_key_seals_and_every_key_opens() -> None:
    before = TokenVault([OLD]).seal(TOKEN, owner=OWNER)
    both = TokenVault([NEW, OLD])
    after = both.seal(both.open(before, owner=OWNER), owner=OWNER)
    assert (both.is_current(before), both.is_current(after)) == (False, True)
    assert TokenVault([NEW]).open(after, owner=OWNER) == TOKEN


def test_a_key_that_was_taken_away_opens_nothing() -> None:
    sealed = TokenVault([OLD]).seal(TOKEN, owner=OWNER)
    with pytest.raises(LinkUnreadable):
        TokenVault([NEW]).open(sealed, owner=OWNER)


def test_without_a_key_nothing_is_sealed_or_opened() -> None:
    sealed = TokenVault([OLD]).seal(TOKEN, owner=OWNER)
    with pytest.raises(TokenKeysMissing):
        TokenVault().seal(TOKEN, owner=OWNER)
    with pytest.raises(TokenKeysMissing):
        TokenVault().open(sealed, owner=OWNER)


def test_the_name_of_a_key_tells_nothing_of_it() -> None:
    assert key_id(OLD) != key_id(NEW)
    assert OLD.hex()[:4] not in key_id(OLD)
