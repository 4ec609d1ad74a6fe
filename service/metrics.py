"""Numbers for Prometheus: requests, how long they took, and jobs."""

from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Metrics:
    """One registry for each application, so that two in one process do not mix.

    Labels are route templates, never paths: nothing that a caller sends becomes a label.
    """

    def __init__(self, also: Callable[[], bytes] | None = None) -> None:
        """Take what else is rendered, in the same format."""
        self._also = also
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fumikura_requests",
            "Requests by method, route and status (499: the client hung up).",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = Histogram(
            "fumikura_request_seconds",
            "Seconds until the answer was complete.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._jobs = Gauge(
            "fumikura_jobs", "Indexing jobs by status.", ["status"], registry=self._registry
        )

    def observe_request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered, or given up by its client."""
        known = known_method(method)
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(known, route).observe(seconds)

    def render(self, *, jobs: Mapping[str, int]) -> bytes:
        """Return everything in Prometheus' text format; `jobs` is their number by status now."""
        for status, number in jobs.items():
            self._jobs.labels(status).set(number)
        also = b"" if self._also is None else self._also()
        return generate_latest(self._registry) + also


def known_method(method: str) -> str:
    """Return the method of a request, if it is one that HTTP knows: a client may name any."""
    return method if method in _METHODS else "other"
