"""What calls of models used, as numbers for Prometheus."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, Summary, generate_latest

from service.usage.record import UsageRecord

_MOST_OWNERS: Final = 1_000
_OF_A_CALL: Final = ("model", "endpoint", "outcome", "owner")
_OF_TOKENS: Final = ("model", "kind", "owner")
_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_FIRST_BYTE: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)
_TOKEN: Final = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
_HELD: Final = (0.1, 1, 5, 10, 30, 60, 120)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The counters of calls of one model, kind, end and owner."""

    calls: Counter
    prompt: Counter
    cached: Counter
    completion: Counter
    yen: Counter
    audio: Counter
    pages: Counter
    seconds: Histogram


class ModelMeters:
    """One registry for each gateway.

    A person is a keyed hash here; beyond a thousand of them the others are counted together.
    """

    def __init__(self, *, secret: bytes) -> None:
        self._secret = secret
        self._owners: dict[str, str] = {}
        self._parts: dict[tuple[str, str, str, str], _Parts] = {}
        self._registry = CollectorRegistry()
        self._calls = self._counter("calls", "Calls that have ended.", *_OF_A_CALL)
        self._tokens = self._counter(
            "tokens", "Tokens by kind; cached ones are among those of the prompt.", *_OF_TOKENS
        )
        self._yen = self._counter("yen", "What calls cost.", "model", "owner")
        self._audio = self._counter("audio_seconds", "Seconds of sound that were read.", "model")
        self._pages = self._counter("pages", "Pages that were read.", "model")
        self._seconds = self._histogram(
            "call", "Seconds from the request to the end of the answer.", _SECONDS
        )
        self._first_byte = self._histogram(
            "first_byte", "Seconds from the request to the first byte of the answer.", _FIRST_BYTE
        )
        self._token = self._histogram(
            "inter_token", "Seconds from token to token: the mean of each stream.", _TOKEN
        )
        self._held = self._histogram(
            "held", "Seconds for which calls waited for a replica to be ready, if they did.", _HELD
        )
        self._owners_first_byte = Summary(
            "fumikura_model_owner_first_byte_seconds",
            "The same as `first_byte`, by whose key it was.",
            ["model", "owner"],
            registry=self._registry,
        )

    def _histogram(self, name: str, told: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(
            f"fumikura_model_{name}_seconds",
            told,
            ["model"],
            buckets=buckets,
            registry=self._registry,
        )

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"fumikura_model_{name}", told, labels, registry=self._registry)

    def observe(self, record: UsageRecord, *, held_s: float = 0.0) -> None:
        """Count a call that has ended, after waiting so long for a replica."""
        owner = self._owner(record.principal_id)
        parts = self._parts_of((record.model, record.endpoint, record.outcome, owner))
        parts.calls.inc()
        parts.prompt.inc(record.prompt_tokens)
        parts.cached.inc(record.cached_tokens)
        parts.completion.inc(record.completion_tokens)
        parts.yen.inc(record.microyen / 1_000_000)
        parts.audio.inc(record.audio_s)
        parts.pages.inc(record.pages)
        parts.seconds.observe(record.seconds)
        if record.first_byte_s is not None:
            self._first_byte.labels(record.model).observe(record.first_byte_s)
            self._owners_first_byte.labels(record.model, owner).observe(record.first_byte_s)
        if (inter_token_s := _inter_token_s(record)) is not None:
            self._token.labels(record.model).observe(inter_token_s)
        if held_s:
            self._held.labels(record.model).observe(held_s)

    def _parts_of(self, labels: tuple[str, str, str, str]) -> "_Parts":
        """Return what is counted for a call, looked up once: that takes longer than to count."""
        parts = self._parts.get(labels)
        if parts is None:
            model, _, _, owner = labels
            parts = self._parts[labels] = _Parts(
                calls=self._calls.labels(*labels),
                prompt=self._tokens.labels(model, "prompt", owner),
                cached=self._tokens.labels(model, "cached", owner),
                completion=self._tokens.labels(model, "completion", owner),
                yen=self._yen.labels(model, owner),
                audio=self._audio.labels(model),
                pages=self._pages.labels(model),
                seconds=self._seconds.labels(model),
            )
        return parts

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _owner(self, person: str) -> str:
        owner = self._owners.get(person)
        if owner is None:
            if len(self._owners) >= _MOST_OWNERS:
                return "other"
            digest = hmac.new(self._secret, b"owner\0" + person.encode(), sha256).hexdigest()
            owner = self._owners[person] = digest[:8]
        return owner


def _inter_token_s(record: UsageRecord) -> float | None:
    """Return the mean time from token to token of a stream; None where there are none between."""
    if not record.is_stream or record.first_byte_s is None or record.completion_tokens < 2:
        return None
    return (record.seconds - record.first_byte_s) / (record.completion_tokens - 1)
