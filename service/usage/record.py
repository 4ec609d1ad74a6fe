"""What is kept of a call of a model: what it used, and nothing of what was said."""

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import msgspec

from inference.gateway.ports import Call, Caller, Ended

_CHECKSUM: Final = 8  # digits


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
    """Return what is kept of a call."""
    used = ended.used
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
        microyen=ended.price.of(used),
        seconds=ended.seconds,
        first_byte_s=ended.first_byte_s,
    )


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(UsageRecord)


def line_of(record: UsageRecord) -> bytes:
    """Return a record as a line with its checksum in front."""
    body = _ENCODER.encode(record)
    return b"%08x %b\n" % (zlib.crc32(body), body)


def records_in(lines: bytes) -> Iterator[UsageRecord | None]:
    """Yield the records of a file; None for a line that is damaged, such as one half written."""
    for line in lines.splitlines():
        checksum, body = line[:_CHECKSUM], line[_CHECKSUM + 1 :]
        try:
            is_whole = int(checksum, 16) == zlib.crc32(body)
            yield _DECODER.decode(body) if is_whole else None
        except (ValueError, msgspec.DecodeError):
            yield None


def utc_now() -> datetime:
    """Return the moment."""
    return datetime.now(UTC)
