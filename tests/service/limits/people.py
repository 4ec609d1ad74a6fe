"""Who calls, and what."""

from decimal import Decimal
from uuid import uuid4

from contracts.principal import Principal
from inference.gateway.ports import Call
from inference.prices import Price, Used
from service.callers import KeyCaller
from service.limits.spans import UNLIMITED, Limits

PRICE = Price(prompt=Decimal(1_000_000), completion=Decimal(1_000_000))
"""A yen a token."""


def caller(
    limits: Limits = UNLIMITED, *, person: Limits = UNLIMITED, family: str = "k1"
) -> KeyCaller:
    principal = Principal(id="yamada", name="山田", scopes=frozenset({"models"}), key_id=family)
    return KeyCaller(principal=principal, family=family, limits=limits, person_limits=person)


def call(tokens: int = 10) -> Call:
    """Return a call that may use so many tokens."""
    return Call(
        request_id=uuid4().hex,
        endpoint="/v1/chat/completions",
        model="qwen",
        asked_model="qwen",
        most=Used(prompt_tokens=tokens),
        price=PRICE,
    )


def used(tokens: int) -> Used:
    return Used(completion_tokens=tokens)
