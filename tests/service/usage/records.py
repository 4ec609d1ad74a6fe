"""Records of calls, made up."""

from datetime import UTC, datetime
from uuid import uuid4

import msgspec

from service.usage.record import UsageRecord

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
