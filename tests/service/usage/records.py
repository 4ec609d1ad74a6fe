"""Records of calls, made up."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from contracts.principal import Principal
from inference.gateway.ports import Call, Caller, Ended
from inference.prices import Price, Used
from service.usage.record import UsageRecord, record_of

NOON = datetime(2026, 11, 25, 3, tzinfo=UTC)
"""In Japan."""

_CALL = UsageRecord(
    id="",
    request_id="r" * 32,
    ended_at=NOON,
    principal_id="yamada",
    key_id="0123456789ab",
    endpoint="/v1/chat/completions",
    model="gpt-oss-20b",
    asked_model="gpt-oss-20b",
    is_stream=True,
    outcome="ok",
    status=200,
    prompt_tokens=10,
    cached_tokens=4,
    completion_tokens=5,
    audio_s=0.0,
    pages=0,
    microyen=600,
    seconds=2.0,
    first_byte_s=0.5,
)


def call(**changes: object) -> UsageRecord:
    """Return a record like no other."""
    return msgspec.structs.replace(_CALL, **{"id": uuid4().hex, **changes})


def call_recorded(used: Used, price: Price) -> UsageRecord:
    """Return what is kept of a call that used so much."""
    principal = Principal(id="yamada", name="山田", scopes=frozenset({"models"}))
    asked = Call(
        request_id="r" * 32, endpoint="/v1/ocr", model="page", asked_model="Page", most=used
    )
    ended = Ended(used=used, outcome="ok", status=200, seconds=2.0, model="page", price=price)
    return record_of(Caller(principal=principal), asked, ended, now=NOON)
