"""What calls of models used, as numbers for Prometheus."""

import hmac
from hashlib import sha256
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from service.usage.record import UsageRecord

_MOST_OWNERS: Final = 1_000
_OF_A_CALL: Final = ("model", "endpoint", "outcome", "owner")
_OF_TOKENS: Final = ("model", "kind", "owner")
_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_FIRST_BYTE: Final = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120)


class ModelMeters:
    """One registry for each gateway.

    A person is a keyed hash here; beyond a thousand of them the others are counted together.
    """

    def __init__(self, *, secret: bytes) -> None:
        self._secret = secret
        self._owners: dict[str, str] = {}
        self._registry = CollectorRegistry()
        self._calls = self._counter("calls", "Calls that have ended.", *_OF_A_CALL)
        self._tokens = self._counter(
            "tokens", "Tokens by kind; cached ones are among those of the prompt.", *_OF_TOKENS
        )
        self._yen = self._counter("yen", "What calls cost.", "model", "owner")
        self._audio = self._counter("audio_seconds", "Seconds of sound that were read.", "model")
        self._pages = self._counter("pages", "Pages that were read.", "model")
        self._seconds = Histogram(
            "fumikura_model_call_seconds",
            "Seconds from the request to the end of the answer.",
            ["model"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._first_byte = Histogram(
            "fumikura_model_first_byte_seconds",
            "Seconds from the request to the first byte of the answer.",
            ["model"],
            buckets=_FIRST_BYTE,
            registry=self._registry,
        )

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"fumikura_model_{name}", told, labels, registry=self._registry)

    def observe(self, record: UsageRecord) -> None:
        """Count a call that has ended."""
        model, owner = record.model, self._owner(record.principal_id)
        self._calls.labels(model, record.endpoint, record.outcome, owner).inc()
        for kind, tokens in (
            ("prompt", record.prompt_tokens),
            ("cached", record.cached_tokens),
            ("completion", record.completion_tokens),
        ):
            self._tokens.labels(model, kind, owner).inc(tokens)
        self._yen.labels(model, owner).inc(record.microyen / 1_000_000)
        self._audio.labels(model).inc(record.audio_s)
        self._pages.labels(model).inc(record.pages)
        self._seconds.labels(model).observe(record.seconds)
        if record.first_byte_s is not None:
            self._first_byte.labels(model).observe(record.first_byte_s)

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
