"""What a vector that came from elsewhere must be: of the right length, finite, with a direction."""

from collections.abc import Sequence
from math import hypot, isfinite


def unit(vector: Sequence[float]) -> list[float]:
    """Scale to L2 norm 1: servers differ in whether they do; a broken vector becomes no vector."""
    norm = hypot(*vector)
    return [value / norm for value in vector] if norm and isfinite(norm) else []


def listed(lengths: set[int]) -> str:
    """Say which lengths vectors have."""
    return ", ".join(map(str, sorted(lengths))) or "none"
