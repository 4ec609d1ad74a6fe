"""Seal tokens with AES-256-GCM, so that who has the database alone cannot use them."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from service.problems import LinkUnreadable, TokenKeysMissing

_NONCE_BYTES: Final = 12  # what GCM is made for; random ones are safe for 2^32 seals of one key
_KEY_ID_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class SealedToken:
    """A token that opens only with the key `sealed_with`, for whom it was sealed."""

    sealed_with: str
    ciphertext: bytes
    """Nonce, then ciphertext and tag: different each time, also for the same token."""


@dataclass(frozen=True, slots=True)
class TokenVault:
    """The first key seals, every key opens: so keys can be changed one after the other."""

    keys: Sequence[bytes] = field(default=(), repr=False)

    def seal(self, token: SecretStr, *, owner: Sequence[str]) -> SealedToken:
        """Seal a token for `owner`, in whose place alone it can be opened again.

        Raises:
            TokenKeysMissing: the vault has no key.
        """
        if not self.keys:
            raise TokenKeysMissing
        key, nonce = self.keys[0], secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, token.get_secret_value().encode(), _bound_to(owner))
        return SealedToken(key_id(key), nonce + sealed)

    def open(self, sealed: SealedToken, *, owner: Sequence[str]) -> SecretStr:
        """Return the token.

        Raises:
            TokenKeysMissing: the vault has no key.
            LinkUnreadable: it has not the right one, or the token was sealed for another owner, or
                changed since.
        """
        if not self.keys:
            raise TokenKeysMissing
        key = {key_id(key): key for key in self.keys}.get(sealed.sealed_with)
        if key is None:
            raise LinkUnreadable
        nonce, ciphertext = sealed.ciphertext[:_NONCE_BYTES], sealed.ciphertext[_NONCE_BYTES:]
        try:
            token = AESGCM(key).decrypt(nonce, ciphertext, _bound_to(owner))
        except (InvalidTag, ValueError) as error:  # ValueError: too short for a nonce
            raise LinkUnreadable from error
        return SecretStr(token.decode())

    def is_current(self, sealed: SealedToken) -> bool:
        """Tell whether it is sealed with the key that seals now."""
        return bool(self.keys) and sealed.sealed_with == key_id(self.keys[0])


def key_id(key: bytes) -> str:
    """Return a name for a key that tells nothing about it."""
    return sha256(b"fumikura token key\0" + key).hexdigest()[:_KEY_ID_CHARS]


def _bound_to(owner: Sequence[str]) -> bytes:
    """Return the owner's parts as bytes from which they can be told apart again."""
    return json.dumps(list(owner)).encode()
