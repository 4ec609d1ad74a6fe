"""How much, and how long, a connection may take."""

from dataclasses import dataclass
from typing import Final

LOW_WATER: Final = 64 * 2**10
HIGH_WATER: Final = 256 * 2**10
"""Bytes that wait on one side while the other is slow: beyond it nothing more is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireLimits:
    """Of connections of callers; times in seconds."""

    head_bytes: int = 64 * 2**10
    head_s: float = 30.0
    """From the first byte of a request to the end of its head."""
    body_s: float = 60.0
    """Without a byte of the body."""
    idle_s: float = 75.0
    """Between two requests."""
    waiting: int = 8
    """Requests that are read before those before them are answered (pipelining)."""
    linger_s: float = 2.0
    """For who is refused and still sends, to read why."""
    drain_s: float = 10.0
    """For answers in flight, when the gateway shall end."""
