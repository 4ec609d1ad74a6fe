"""Who is calling: a bearer key, or the token of whoever may read the data folder."""

import hmac
from collections.abc import Awaitable, Callable, Mapping

from contracts.principal import Principal
from service.access.recorded import LOCAL_OPERATOR
from service.keys import Keys
from service.problems import KeyInvalid

Authenticate = Callable[[str | None], Awaitable[Principal]]
"""Takes the value of an `Authorization` header; raises `KeyInvalid` for whom it does not know."""


def authenticator(keys: Keys, *, local_token: str | None) -> Authenticate:
    """Return the check that every surface uses; each call asks the records anew.

    `local_token` is what `fumikura serve` leaves in the data folder, readable by its user alone:
    who shows it is the local operator.
    """

    async def authenticate(authorization: str | None) -> Principal:
        secret = bearer(authorization)
        if local_token is not None and is_local_operator(secret, local_token):
            return LOCAL_OPERATOR
        return await keys.verify(secret)

    return authenticate


def authorization_in(headers: Mapping[str, str]) -> str | None:
    """Return the `Authorization` of a request; `x-api-key` says the same in other words."""
    authorization = headers.get("authorization")
    key = headers.get("x-api-key")
    return authorization if authorization is not None or key is None else f"Bearer {key}"


def is_local_operator(secret: str, local_token: str) -> bool:
    """Tell whether the secret is the token of the local operator."""
    return hmac.compare_digest(secret.encode(), local_token.encode())


def bearer(authorization: str | None) -> str:
    """Return the secret of an `Authorization` header.

    Raises:
        KeyInvalid: it has none.
    """
    scheme, _, secret = (authorization or "").partition(" ")
    if scheme.casefold() != "bearer":
        raise KeyInvalid
    return secret.strip()
