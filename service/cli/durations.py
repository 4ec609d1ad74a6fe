"""Spans of time as people type and read them: `30m`, `6h`, `1d`."""

import re
from typing import Final

from contracts.problems import InvalidRequest

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN: Final = re.compile(r"([0-9]{1,6})([smhd])")
_SHORTEST_S: Final = 60


def seconds_of(span: str) -> float:
    """Return the seconds of a span.

    Raises:
        InvalidRequest: it has another form, or is shorter than a minute.
    """
    parts = _SPAN.fullmatch(span)
    seconds = int(parts[1]) * _SECONDS[parts[2]] if parts else 0
    if seconds < _SHORTEST_S:
        raise InvalidRequest(
            f"{span[:20]!r} is no span of at least a minute.",
            hint="Write a number with m, h or d behind it, such as 30m, 6h or 1d.",
        )
    return seconds


def span_of(seconds: float | None) -> str:
    """Return a span in the largest unit that fits it whole; a dash where there is none."""
    if seconds is None:
        return "–"
    unit = next(name for name in "dhms" if seconds % _SECONDS[name] == 0 or name == "s")
    return f"{seconds / _SECONDS[unit]:g}{unit}"
