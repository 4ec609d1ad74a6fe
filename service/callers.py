"""Who calls models: keys as the gateway knows them, with the limits that count for them."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic
from typing import Final

from inference.gateway.ports import Caller
from service.access.recorded import LOCAL_OPERATOR
from service.keys import EVERY_MODEL, KeyInfo, Keys, principal_of
from service.limits.persons import PersonLimits
from service.limits.spans import UNLIMITED, Limits
from service.records.database import Database
from service.rest.auth import bearer, is_local_operator

_REMEMBERED_S: Final = 0.5
"""A revoked key is refused within a second."""
_MOST: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCaller(Caller):
    """Who shows a key, and what the key and its person may use."""

    family: str
    limits: Limits = UNLIMITED
    person_limits: Limits = UNLIMITED


@dataclass(slots=True, kw_only=True)
class KeyCallers:
    """Implements `inference.gateway.ports.Callers` by the keys of the records.

    Headers are remembered by their digest alone, for half a second.
    """

    keys: Keys
    database: Database
    local_token: str | None = None
    clock: Callable[[], float] = monotonic
    _known: OrderedDict[bytes, tuple[float, KeyCaller]] = field(
        default_factory=OrderedDict[bytes, tuple[float, KeyCaller]]
    )

    async def caller(self, authorization: str | None) -> KeyCaller:
        """Return who shows this header.

        Raises:
            KeyInvalid: nobody we know.
            ServiceUnreachable: the database does not answer.
        """
        secret = bearer(authorization)
        digest = sha256(secret.encode()).digest()
        known = self._known.get(digest)
        if known is not None and self.clock() < known[0]:
            return known[1]
        self._known.pop(digest, None)
        asked_at = self.clock()
        caller = await self._asked(secret)
        self._known[digest] = asked_at + _REMEMBERED_S, caller
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return caller

    async def _asked(self, secret: str) -> KeyCaller:
        if self.local_token is not None and is_local_operator(secret, self.local_token):
            return KeyCaller(principal=LOCAL_OPERATOR, family="local")
        key = await self.keys.verified(secret)
        return _caller(key, await PersonLimits(self.database).of(key.principal_id))


def _caller(key: KeyInfo, person_limits: Limits) -> KeyCaller:
    return KeyCaller(
        principal=principal_of(key),
        models=None if EVERY_MODEL in key.models else frozenset(key.models),
        family=key.family,
        limits=key.limits,
        person_limits=person_limits,
    )
