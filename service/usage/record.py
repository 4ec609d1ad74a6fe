"""What is kept of a call of a model: what it used, and nothing of what was said."""

import logging
import zlib
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import msgspec

from inference.gateway.ports import Call, Caller, Ended
from inference.prices import Used

_CHECKSUM: Final = 8  # digits
_MOST_TOKENS: Final = 10**12
_MOST_PAGES: Final = 2**31 - 1
_MOST_AUDIO_S: Final = 1e9
_MOST_MICROYEN: Final = 10**15
_LOG: Final = logging.getLogger(__name__)


class UsageRecord(msgspec.Struct, frozen=True):
    """A call that has ended; its fields are the columns of `service.records.models.UsageRow`."""

    id: str
    request_id: str
    ended_at: datetime
    principal_id: str
    key_id: str | None
    endpoint: str
    model: str
    asked_model: str
    is_stream: bool
    outcome: str
    status: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    audio_s: float
    pages: int
    microyen: int
    seconds: float
    first_byte_s: float | None

    @property
    def columns(self) -> dict[str, Any]:
        """The row of the database."""
        return msgspec.structs.asdict(self)


def record_of(caller: Caller, call: Call, ended: Ended, *, now: datetime) -> UsageRecord:
    """Return what is kept of a call.

    Numbers that no call can reach are cut to what the table holds, and can sum up: a model server
    that tells absurd ones must not keep the records of others out of the database.
    """
    used = _believable(ended.used)
    if used != ended.used:
        _LOG.error("The server of %s tells numbers that no call can reach", ended.model)
    return UsageRecord(
        id=uuid4().hex,
        request_id=call.request_id,
        ended_at=now,
        principal_id=caller.principal.id,
        key_id=caller.principal.key_id,
        endpoint=call.endpoint,
        model=ended.model,
        asked_model=call.asked_model,
        is_stream=call.is_stream,
        outcome=ended.outcome,
        status=ended.status,
        prompt_tokens=used.prompt_tokens,
        cached_tokens=used.cached_tokens,
        completion_tokens=used.completion_tokens,
        audio_s=used.audio_s,
        pages=used.pages,
        microyen=min(ended.price.of(used), _MOST_MICROYEN),
        seconds=ended.seconds,
        first_byte_s=ended.first_byte_s,
    )


def _believable(used: Used) -> Used:
    return Used(
        prompt_tokens=min(used.prompt_tokens, _MOST_TOKENS),
        cached_tokens=min(used.cached_tokens, _MOST_TOKENS),
        completion_tokens=min(used.completion_tokens, _MOST_TOKENS),
        audio_s=min(used.audio_s, _MOST_AUDIO_S),
        pages=min(used.pages, _MOST_PAGES),
    )


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(UsageRecord)


def line_of(record: UsageRecord) -> bytes:
    """Return a record as a line with its checksum in front."""
    body = _ENCODER.encode(record)
    return b"%08x %b\n" % (zlib.crc32(body), body)


def record_in(line: bytes) -> UsageRecord | None:
    """Return the record of a line; None where it is damaged, such as half written."""
    checksum, body = line[:_CHECKSUM], line[_CHECKSUM + 1 :].removesuffix(b"\n")
    try:
        is_whole = int(checksum, 16) == zlib.crc32(body)
        return _DECODER.decode(body) if is_whole else None
    except (ValueError, msgspec.DecodeError):
        return None


def utc_now() -> datetime:
    """Return the moment."""
    return datetime.now(UTC)
