"""How many replicas of models answer, and how busy they are, as numbers for Prometheus."""

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from inference.gateway.served import Served

_STATES: Final = ("ready", "away")


def render_pools(models: Iterable[Served]) -> bytes:
    """Return what is so now, in Prometheus' text format."""
    registry = CollectorRegistry()
    replicas = Gauge(
        "fumikura_model_replicas", "Replicas by state.", ["model", "state"], registry=registry
    )
    running = Gauge(
        "fumikura_model_calls_running",
        "Calls that replicas work on, for this process.",
        ["model"],
        registry=registry,
    )
    held = Gauge(
        "fumikura_model_calls_held",
        "Calls that wait for a replica, in this process.",
        ["model"],
        registry=registry,
    )
    for model in models:
        away = sum(each.is_away for each in model.pool.replicas)
        counts = (len(model.pool.replicas) - away, away)
        for state, count in zip(_STATES, counts, strict=True):
            replicas.labels(model.id, state).set(count)
        running.labels(model.id).set(sum(each.in_flight for each in model.pool.replicas))
        held.labels(model.id).set(model.pool.held)
    return generate_latest(registry)
