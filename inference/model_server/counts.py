"""What the server counts, for Prometheus: no model's content, no caller."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Counts:
    """Of one server."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._requests = Counter(
            "fumikura_model_server_requests",
            "Requests that were answered, by status.",
            ["status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "fumikura_model_server_seconds",
            "From a request's arrival to its answer.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._in_flight = Gauge(
            "fumikura_model_server_in_flight",
            "Requests that are worked on or wait for it.",
            registry=registry,
        )
        self._registry = registry

    def answered(self, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(str(status)).inc()
        self._seconds.observe(seconds)

    def text(self, in_flight: int) -> bytes:
        """Return all counts as Prometheus reads them."""
        self._in_flight.set(in_flight)
        return generate_latest(self._registry)
